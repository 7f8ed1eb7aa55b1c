// Calls that list directories.

import { Errno, FsError } from '../posix/errno.js'
import { S_IFDIR, S_IFMT } from '../posix/mode.js'
import type { Name } from '../volume/name.js'
import {
  bytesOf,
  encodingOf,
  flagOf,
  type NameEncoding,
  named,
  optionsOf,
  textOf,
  type VolumePath,
} from './arguments.js'
import { asVolumeError, VolumeError } from './errors.js'
import type { Session } from './session.js'
import { TypeQuestions } from './stats.js'
import type { Volume } from './volume.js'

/** As fs.Dirent. */
export class VolumeDirent<Text extends string | Buffer = string> extends TypeQuestions {
  readonly name: Text
  /** Of the directory in which it stands, as readdir was asked for it. */
  readonly parentPath: Text

  constructor(name: Text, parentPath: Text, type: number) {
    super(type)
    this.name = name
    this.parentPath = parentPath
  }
}

/** One entry below the directory that is listed. */
export interface Listed {
  readonly name: Name
  readonly type: number
  readonly isDirectory: boolean
}

export function listingCalls(session: Session): Pick<Volume, 'readdir' | 'opendir'> {
  return {
    readdir: (path, options) => readdir(session, path, options) as Promise<never>,
    opendir: (path, options) => opendir(session, path, options) as Promise<never>,
  }
}

/** In the order of their bytes, without `.` and `..`. ENOTDIR, EACCES. */
export async function entriesOf({ vfs, caller }: Session, ino: number): Promise<Listed[]> {
  const handle = await vfs.opendir(caller, ino)
  const entries: Listed[] = []
  try {
    await vfs.readdir(caller, handle, 0, ({ name, type }) => {
      const isDirectory = (type & S_IFMT) === S_IFDIR
      if (name !== '.' && name !== '..') entries.push({ name, type, isDirectory })
      return true
    })
  } finally {
    vfs.releasedir(caller, handle)
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** An entry, and where it stands below the directory that was asked for: '' for in it. */
interface Found extends Listed {
  readonly below: Name
}

/** Directory by directory. One that goes meanwhile is passed over; links are not followed. */
async function* walk(
  session: Session,
  path: VolumePath,
  isRecursive: boolean,
): AsyncGenerator<Found> {
  const root = bytesOf(path)
  const waiting: Name[] = ['']
  for (let below = waiting.shift(); below !== undefined; below = waiting.shift()) {
    const directory = below === '' ? root : joined(root, below)
    const entries = await listOne(session, directory).catch((error) => {
      if (below === '') throw error
      if (isGone(error)) return []
      const path = Buffer.from(directory, 'latin1').toString()
      throw asVolumeError(error, { syscall: 'scandir', path })
    })
    for (const entry of entries) {
      if (isRecursive && entry.isDirectory) waiting.push(joined(below, entry.name))
      yield { ...entry, below }
    }
  }
}

function isGone(error: unknown): boolean {
  const errnos: number[] = [Errno.ENOENT, Errno.ESTALE]
  return error instanceof FsError && errnos.includes(error.errno)
}

async function listOne(session: Session, path: Name): Promise<Listed[]> {
  const { ino } = await session.find(Buffer.from(path, 'latin1'))
  return entriesOf(session, ino)
}

function joined(directory: Name, name: Name): Name {
  return directory === '' || directory.endsWith('/') ? directory + name : `${directory}/${name}`
}

function direntOf(path: VolumePath, { name, below, type }: Found, encoding: NameEncoding) {
  const parent = below === '' ? bytesOf(path) : joined(bytesOf(path), below)
  return new VolumeDirent(named(name, encoding), named(parent, encoding), type)
}

async function readdir(session: Session, path: VolumePath, options: unknown) {
  const given = optionsOf('readdir', options, ['encoding', 'withFileTypes', 'recursive'])
  const encoding = encodingOf(given.encoding)
  const isTyped = flagOf('withFileTypes', given.withFileTypes)
  const isRecursive = flagOf('recursive', given.recursive)
  return session.at('scandir', path, async () => {
    const found: unknown[] = []
    for await (const entry of walk(session, path, isRecursive))
      found.push(
        isTyped
          ? direntOf(path, entry, encoding)
          : named(joined(entry.below, entry.name), encoding),
      )
    return found
  })
}

/** As fs.Dir: entries one by one, by `read` or by iteration, which closes it. */
export class VolumeDir<Text extends string | Buffer = string> {
  /** As opendir was given it. */
  readonly path: string
  readonly #session: Session
  readonly #entries: AsyncIterator<VolumeDirent<Text>>
  #isClosed = false

  constructor(session: Session, path: string, entries: AsyncIterator<VolumeDirent<Text>>) {
    this.#session = session
    this.path = path
    this.#entries = entries
  }

  /** The next entry; null at the end. */
  async read(): Promise<VolumeDirent<Text> | null> {
    this.#checkOpen('scandir')
    const { value, done } = await this.#session.held({ syscall: 'scandir', path: this.path }, () =>
      this.#entries.next(),
    )
    return done ? null : value
  }

  async close(): Promise<void> {
    this.#checkOpen('closedir')
    this.#isClosed = true
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<VolumeDirent<Text>, void> {
    try {
      for (let entry = await this.read(); entry; entry = await this.read()) yield entry
    } finally {
      this.#isClosed = true
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) await this.close()
  }

  #checkOpen(syscall: string): void {
    if (this.#isClosed) throw new VolumeError(Errno.EBADF, { syscall }, 'the directory is closed')
  }
}

async function opendir(session: Session, path: VolumePath, options: unknown) {
  const given = optionsOf('opendir', options, ['encoding', 'recursive'])
  const encoding = encodingOf(given.encoding)
  const isRecursive = flagOf('recursive', given.recursive)
  return session.at('opendir', path, async () => {
    const { ino } = await session.find(path)
    const { vfs, caller } = session
    // That it is a directory which may be read is told now.
    vfs.releasedir(caller, await vfs.opendir(caller, ino))
    const entries = dirents(session, path, isRecursive, encoding)
    return new VolumeDir(session, textOf(path), entries)
  })
}

async function* dirents(
  session: Session,
  path: VolumePath,
  isRecursive: boolean,
  encoding: NameEncoding,
) {
  for await (const entry of walk(session, path, isRecursive)) yield direntOf(path, entry, encoding)
}
