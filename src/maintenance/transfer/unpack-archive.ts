// An archive unpacked into a folder of a volume. Members are taken in their order; small files are written
// behind, at most so many at once. A later member of the same name replaces the one before, as with tar.
// No symbolic link is ever followed: a member below one is refused.

import type { Readable } from 'node:stream'
import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory, isRegular, S_IFDIR } from '../../posix/mode.js'
import type { Name } from '../../volume/name.js'
import { sameAttributes } from './compare.js'
import type { Content, Entry, Extent, Piece } from './entry.js'
import type { WritableFolder } from './folder.js'
import { memberPath } from './member-path.js'
import { Placer } from './place-entry.js'
import { removeTree } from './remove-tree.js'
import { Slots } from './slots.js'
import { ByteSource } from './tar/byte-source.js'
import { type Member, readArchive } from './tar/read-archive.js'
import { joined, type Transfer } from './transfer.js'

const filesAtOnceDefault = 16
/** Larger files are written as they are read. */
const heldBytesMax = 1 << 20

export interface UnpackEvents {
  /** Once: names began with a slash, which was taken away. */
  absoluteName(path: Name): void
}

/**
 * `target` is not closed; undefined in a dry run where it is not there yet. Its folders must hold nothing
 * while they are open (a volume's). Throws TransferProblem, TransferInterrupted, FsError for a damaged archive.
 */
export async function unpackArchive(
  stream: Readable,
  target: WritableFolder | undefined,
  transfer: Transfer,
  events: UnpackEvents,
): Promise<void> {
  await new Unpacker(target, transfer, events).run(new ByteSource(stream))
}

class Unpacker {
  readonly #root: WritableFolder | undefined
  readonly #transfer: Transfer
  readonly #events: UnpackEvents
  readonly #placer: Placer
  readonly #slots: Slots
  /** Folders of the archive: their attributes are given at the end, since what is put in moves times. */
  readonly #folders = new Map<Name, Entry>()
  /** Written behind, by path. */
  readonly #behind = new Map<Name, Promise<void>>()
  /** Only where what is not in the archive is to go. */
  readonly #seen: Set<Name> | undefined
  #parent: { readonly path: Name; readonly folder: WritableFolder | undefined } | undefined
  #isAbsoluteTold = false

  constructor(root: WritableFolder | undefined, transfer: Transfer, events: UnpackEvents) {
    this.#root = root
    this.#transfer = transfer
    this.#events = events
    this.#placer = new Placer(transfer)
    this.#slots = new Slots(transfer.options.filesAtOnce ?? filesAtOnceDefault)
    this.#seen = transfer.options.delete ? new Set() : undefined
  }

  async run(source: ByteSource): Promise<void> {
    try {
      const hasEnd = await this.#takeAll(source)
      await this.#slots.drain()
      if (!hasEnd) this.#transfer.problem('', cutShort(source.offset))
    } finally {
      await this.#slots.ended()
    }
    await this.#clean()
    for (const [path, entry] of [...this.#folders].reverse())
      await this.#transfer.guard(path, () => this.#giveAttributes(path, entry))
  }

  async #takeAll(source: ByteSource): Promise<boolean> {
    const members = readArchive(source)
    for (;;) {
      this.#transfer.checkSignal()
      const { value, done } = await members.next()
      if (done) return value
      await this.#transfer.guard(value.path, () => this.#take(value))
    }
  }

  async #take(member: Member): Promise<void> {
    if (member.problem) throw member.problem
    const { steps } = this.#checked(member.path)
    const path = steps.join('/')
    this.#note(steps)
    if (isDirectory(member.entry)) return this.#takeFolder(path, steps, member.entry)
    const name = steps.at(-1)
    if (name === undefined) throw new FsError(Errno.EISDIR)
    await this.#behind.get(path)
    const target = await this.#folderOf(steps.slice(0, -1))
    if (target && (await isFolder(target, name))) await this.#forgetFolder(path)
    if (member.hardLink !== undefined) return this.#takeLink(member.hardLink, target, name, path)
    await this.#takeFile(member, target, name, path)
  }

  #checked(path: Name) {
    const checked = memberPath(path, this.#transfer.options.pathBytesMax)
    if (checked.wasAbsolute && !this.#isAbsoluteTold) {
      this.#isAbsoluteTold = true
      this.#events.absoluteName(path)
    }
    return checked
  }

  async #takeFolder(path: Name, steps: readonly Name[], entry: Entry): Promise<void> {
    await this.#behind.get(path)
    if (steps.length > 0) {
      const parent = await this.#folderOf(steps.slice(0, -1))
      await this.#enter(parent, steps.at(-1) ?? '', path, 'replaces')
    }
    this.#folders.delete(path)
    this.#folders.set(path, entry)
  }

  /** Something else takes its place. */
  async #forgetFolder(path: Name): Promise<void> {
    await this.#slots.drain()
    this.#parent = undefined
    for (const each of this.#folders.keys())
      if (each === path || each.startsWith(`${path}/`)) this.#folders.delete(each)
  }

  async #takeLink(link: Name, target: WritableFolder | undefined, name: Name, path: Name) {
    const { steps } = this.#checked(link)
    await this.#behind.get(steps.join('/'))
    const { counts, options } = this.#transfer
    const from = await this.#folderOf(steps.slice(0, -1), 'absent')
    if (from) return this.#placer.link(from, steps.at(-1) ?? '', { target, name, path })
    if (!options.dryRun) throw new FsError(Errno.ENOENT, 'what it is a link to is absent')
    counts.hardLinks++
  }

  async #takeFile(
    member: Member,
    target: WritableFolder | undefined,
    name: Name,
    path: Name,
  ): Promise<void> {
    const { entry, storedBytes } = member
    const placing = { entry, target, name, path }
    if (isRegular(entry) && storedBytes > heldBytesMax) {
      const content = async () => contentOf(() => member.pieces())
      return this.#placer.place({ ...placing, content, isStream: true })
    }
    const pieces = await held(member)
    await this.#slots.begin(() => {
      const done = this.#transfer
        .guard(path, () =>
          this.#placer.place({ ...placing, content: async () => inMemory(pieces) }),
        )
        .then(() => undefined)
      this.#behind.set(path, done)
      return done.finally(() => this.#behind.delete(path))
    })
  }

  /** The folder that these names lead to, made on the way; `absent`: undefined where it is not there. */
  async #folderOf(steps: readonly Name[], missing: 'made' | 'absent' = 'made') {
    const path = steps.join('/')
    if (missing === 'made' && this.#parent?.path === path) return this.#parent.folder
    let folder = this.#root
    let at = ''
    for (const step of steps) {
      at = joined(at, step)
      if (missing === 'absent' && !(await folder?.look(step))) return undefined
      folder = await this.#enter(folder, step, at, 'stays')
    }
    if (missing === 'made') this.#parent = { path, folder }
    return folder
  }

  /** `replaces`: what is no folder and has the name gives way to one. */
  async #enter(
    parent: WritableFolder | undefined,
    name: Name,
    path: Name,
    other: 'replaces' | 'stays',
  ): Promise<WritableFolder | undefined> {
    await this.#behind.get(path)
    const { options, counts } = this.#transfer
    const existing = await parent?.look(name)
    if (existing && isDirectory(existing)) return parent?.enter(name)
    if (existing && other === 'stays')
      throw new FsError(Errno.ENOTDIR, `"${path}" is no folder; a link there is not followed`)
    if (options.dryRun && this.#folders.has(path)) return undefined
    counts.folders++
    this.#transfer.change(existing ? 'replace' : 'make', path)
    if (!this.#folders.has(path)) this.#folders.set(path, unnamedFolder())
    if (options.dryRun || !parent) return undefined
    if (existing) await parent.unlink(name)
    await parent.makeFolder(name)
    return parent.enter(name)
  }

  async #giveAttributes(path: Name, entry: Entry): Promise<void> {
    if (this.#transfer.options.dryRun) return
    const folder = await this.#folderOf(path === '' ? [] : path.split('/'), 'absent')
    if (!folder) return
    const present = await folder.lookHere()
    if (!sameAttributes(entry, present, true)) await folder.setOwnAttributes(entry)
  }

  #note(steps: readonly Name[]): void {
    for (let count = steps.length; count > 0; count--) {
      const path = steps.slice(0, count).join('/')
      if (!this.#seen || this.#seen.has(path)) return
      this.#seen.add(path)
    }
  }

  /** Never after a problem: what was not read may have been in the archive. */
  async #clean(): Promise<void> {
    if (!this.#seen || !this.#root || this.#transfer.counts.failed > 0) return
    await this.#cleanFolder(this.#root, '', this.#seen)
  }

  async #cleanFolder(folder: WritableFolder, path: Name, seen: ReadonlySet<Name>): Promise<void> {
    for (const name of await folder.names()) {
      const inner = joined(path, name)
      if (!seen.has(inner)) await removeTree(folder, name, inner, this.#transfer)
      else if (await isFolder(folder, name))
        await this.#cleanFolder(await folder.enter(name), inner, seen)
    }
  }
}

async function isFolder(folder: WritableFolder, name: Name): Promise<boolean> {
  const entry = await folder.look(name)
  return entry !== undefined && isDirectory(entry)
}

/** A folder that only its files' names tell of: the user's of this process, as with tar. */
function unnamedFolder(): Entry {
  const now = Date.now()
  const mtime = { sec: Math.floor(now / 1000), nsec: (now % 1000) * 1e6 }
  const none = { atime: undefined, rdev: 0, target: '', xattrs: new Map(), identity: undefined }
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0]
  return { mode: S_IFDIR | 0o755, uid, gid, size: 0, mtime, ...none }
}

function cutShort(offset: number): FsError {
  const message = `the archive has no end mark behind byte ${offset}: it may have been cut short`
  return new FsError(Errno.EINVAL, message)
}

async function held(member: Member): Promise<Piece[]> {
  const pieces: Piece[] = []
  if (!isRegular(member.entry)) return pieces
  for await (const { offset, bytes } of member.pieces())
    pieces.push({ offset, bytes: Buffer.from(bytes) })
  return pieces
}

function inMemory(pieces: readonly Piece[]): Content {
  return contentOf(async function* () {
    yield* pieces
  })
}

function contentOf(pieces: () => AsyncGenerator<Piece>): Content {
  return {
    pieces,
    extents: async (): Promise<Extent[]> => [],
    isChanged: async () => false,
    close: async () => undefined,
  }
}
