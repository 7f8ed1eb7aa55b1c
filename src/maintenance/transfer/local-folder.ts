// A folder of this machine, held by a descriptor: whatever is done in it is done through
// /proc/self/fd/<n>/<name>, so that neither a long path nor a symbolic link that somebody puts in the way
// leads anywhere else.

import {
  type BigIntStats,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { mkfifo, mknod } from '../../native/make-node.js'
import { RenameFlag, renameat2 } from '../../native/rename.js'
import { Errno, FsError } from '../../posix/errno.js'
import { isSymlink, S_IFIFO } from '../../posix/mode.js'
import type { Name } from '../../volume/name.js'
import {
  type Content,
  type Entry,
  isDevice,
  type Piece,
  type PresentEntry,
  typeOf,
} from './entry.js'
import { temporaryName, type WritableFolder } from './folder.js'
import { fileIdOf, giveAttributes, holding, readEntry } from './local-attributes.js'
import { openLocalContent } from './local-content.js'

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants
const ownAttributes = '.'

export class LocalFolder implements WritableFolder {
  readonly isPrivileged = process.geteuid?.() === 0
  readonly #fd: number
  readonly #refused: (attributes: number) => void

  private constructor(fd: number, refused: (attributes: number) => void) {
    this.#fd = fd
    this.#refused = refused
  }

  /**
   * A folder that the user named: links on the way to it are followed. `refused` is told how many
   * extended attributes its file system did not keep. Throws what open(2) does.
   */
  static open(path: string | Buffer, refused: (attributes: number) => void): LocalFolder {
    return new LocalFolder(openSync(path, O_RDONLY | O_DIRECTORY), refused)
  }

  async names(): Promise<Name[]> {
    const names = await readdir(this.#path(ownAttributes), { encoding: 'buffer' })
    return names.map((name) => name.toString('latin1')).sort((a, b) => (a < b ? -1 : 1))
  }

  async look(name: Name): Promise<PresentEntry | undefined> {
    const path = this.#path(name)
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    return stats && readEntry(path, stats, this.isPrivileged)
  }

  async lookHere(): Promise<PresentEntry> {
    const path = this.#path(ownAttributes)
    return readEntry(path, lstatSync(path, { bigint: true }), this.isPrivileged)
  }

  async enter(name: Name): Promise<LocalFolder> {
    const fd = openSync(this.#path(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    return new LocalFolder(fd, this.#refused)
  }

  read(name: Name): Promise<Content> {
    return openLocalContent(this.#path(name))
  }

  close(): void {
    closeSync(this.#fd)
  }

  async makeFolder(name: Name): Promise<void> {
    mkdirSync(this.#path(name), 0o700)
  }

  async makeFile(
    name: Name,
    entry: Entry,
    pieces: AsyncIterable<Piece>,
    replace: boolean,
  ): Promise<void> {
    await this.#making(name, replace, async (path) => {
      const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
      try {
        await writePieces(file, pieces, entry.size)
        this.#give(file.fd, entry)
      } finally {
        await file.close()
      }
    })
  }

  async makeSpecial(name: Name, entry: Entry, replace: boolean): Promise<void> {
    await this.#making(name, replace, async (path) => {
      if (isSymlink(entry)) symlinkSync(Buffer.from(entry.target, 'latin1'), path)
      else if (typeOf(entry) === S_IFIFO) mkfifo(path, 0o600)
      else mknod(path, typeOf(entry) | 0o600, entry.rdev)
      const isMade = ({ mode, rdev }: BigIntStats) =>
        typeOf({ mode: Number(mode) }) === typeOf(entry) &&
        (!isDevice(entry) || Number(rdev) === entry.rdev)
      holding(path, isMade, (fd) => this.#give(fd, entry))
    })
  }

  async link(from: WritableFolder, fromName: Name, name: Name, replace: boolean): Promise<void> {
    if (!(from instanceof LocalFolder)) throw new FsError(Errno.EXDEV)
    const source = from.#path(fromName)
    await this.#making(name, replace, async (path) => linkSync(source, path))
  }

  async setAttributes(name: Name, entry: Entry, { fileId }: PresentEntry): Promise<void> {
    const isSame = (stats: BigIntStats) =>
      fileIdOf(stats) === fileId && typeOf({ mode: Number(stats.mode) }) === typeOf(entry)
    holding(this.#path(name), isSame, (fd) => this.#give(fd, entry))
  }

  async setOwnAttributes(entry: Entry): Promise<void> {
    this.#give(this.#fd, entry)
  }

  async unlink(name: Name): Promise<void> {
    unlinkSync(this.#path(name))
  }

  async rmdir(name: Name): Promise<void> {
    rmdirSync(this.#path(name))
  }

  #give(fd: number, entry: Entry): void {
    const refused = giveAttributes(fd, entry, this.isPrivileged)
    if (refused > 0) this.#refused(refused)
  }

  #path(name: Name): Buffer {
    return Buffer.from(`/proc/self/fd/${this.#fd}/${name}`, 'latin1')
  }

  /** Under a name of its own until it is whole; one that nobody has yet is not taken from who was faster. */
  async #making(
    name: Name,
    replace: boolean,
    make: (path: Buffer) => Promise<void>,
  ): Promise<void> {
    const made = this.#path(temporaryName())
    const path = this.#path(name)
    try {
      await make(made)
      if (replace) renameSync(made, path)
      else moveToFreeName(made, path)
    } catch (error) {
      removeIfThere(made)
      throw error
    }
  }
}

/** EEXIST where something has the name: rename(2) would replace it. */
function moveToFreeName(made: Buffer, path: Buffer): void {
  try {
    renameat2(made, path, RenameFlag.RENAME_NOREPLACE)
  } catch (error) {
    if (!(error instanceof FsError && error.errno === Errno.EINVAL)) throw error
    // A file system without such renames (NFS).
    linkSync(made, path)
    unlinkSync(made)
  }
}

function removeIfThere(path: Buffer): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

async function writePieces(
  file: FileHandle,
  pieces: AsyncIterable<Piece>,
  size: number,
): Promise<void> {
  let end = 0
  for await (const { offset, bytes } of pieces) {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done)
      done += bytesWritten
    }
    end = offset + bytes.length
  }
  if (end !== size) await file.truncate(size)
}
