// Finds out what entries of the log changed for whoever has seen the namespace: note each entry before
// it is applied here, then ask for the difference once all are.

import type { Seen } from '../journal/journal.js'
import type { Dirent, Inode } from '../volume/inode.js'
import { direntIno, encodeInode } from '../volume/inode-codec.js'
import type { LogEntry } from '../volume/log-entry.js'
import type { Name } from '../volume/name.js'
import { RecordKind } from '../volume/record.js'
import type { Committed } from './committed.js'
import type { Namespace } from './namespace.js'
import type { ForeignChange } from './replica.js'

const S_IFMT = 0o170000
const S_IFDIR = 0o040000
const noBytes = new Uint8Array(0)

interface NoteOfName {
  readonly parent: number
  readonly name: Name
  /** Null: there was none; undefined: not known any more. */
  readonly before: Dirent | null | undefined
  /** An entry that changed this name may have changed what it means. */
  mayMeanOther: boolean
}

export class ForeignDiff {
  readonly #committed: Committed
  readonly #names = new Map<string, NoteOfName>()
  readonly #inodes = new Map<number, Inode | undefined>()
  #heldNoted = false

  constructor(committed: Committed) {
    this.#committed = committed
  }

  note(entry: LogEntry): void {
    for (const key of entry.deletes) this.#noteKey(key.kind, key.parent, key.name, true)
    const changed = inodesPut(entry)
    for (const record of entry.puts) {
      // A name that comes, or means another inode, moves the times of its directory (Draft.link).
      this.#noteKey(record.kind, record.parent, record.name, changed.has(record.parent))
      if (record.kind === RecordKind.dirent) this.#noteInode(direntIno(record.value))
    }
  }

  /** Undefined where nothing changed. */
  finish(): ForeignChange | undefined {
    const names: ForeignChange['names'][number][] = []
    for (const { parent, name, before, mayMeanOther } of this.#names.values()) {
      const after = this.#committed.lookup(parent, name)
      if (before === undefined ? !mayMeanOther : before?.ino === after?.ino) continue
      names.push(nameChange(parent, name, before ?? undefined, after))
    }
    const inodes: ForeignChange['inodes'][number][] = []
    const removed: Inode[] = []
    for (const [ino, before] of this.#inodes)
      compareInode(ino, before, this.#committed.inode(ino), inodes, removed)
    if (names.length + inodes.length + removed.length === 0) return undefined
    return { names, inodes, removed, reloaded: false }
  }

  #noteKey(kind: RecordKind, parent: number, name: Name, mayMeanOther: boolean): void {
    if (kind === RecordKind.inode) this.#noteInode(parent)
    if (kind !== RecordKind.dirent) return
    const id = `${parent}/${name}`
    const noted = this.#names.get(id)
    if (noted) {
      noted.mayMeanOther ||= mayMeanOther
      return
    }
    const before = this.#committed.direntBefore(parent, name)
    this.#names.set(id, { parent, name, before, mayMeanOther })
    if (before) this.#noteInode(before.ino)
    if (before === undefined) this.#noteHeld()
  }

  /** What a name meant is not known any more: it is looked for among those that somebody has open. */
  #noteHeld(): void {
    if (this.#heldNoted) return
    this.#heldNoted = true
    for (const ino of this.#committed.held()) this.#noteInode(ino)
  }

  #noteInode(ino: number): void {
    if (!this.#inodes.has(ino)) this.#inodes.set(ino, this.#committed.inodeBefore(ino))
  }
}

/** Inodes whose attributes the entry sets. */
function inodesPut({ puts }: LogEntry): Set<number> {
  const inodes = new Set<number>()
  for (const { kind, parent, value } of puts) {
    if (kind === RecordKind.inode) inodes.add(parent)
    if (kind === RecordKind.dirent) inodes.add(direntIno(value))
  }
  return inodes
}

export function nameChange(
  parent: number,
  name: Name,
  before: Dirent | undefined,
  after: Dirent | undefined,
): ForeignChange['names'][number] {
  const directory = before?.type === S_IFDIR || after?.type === S_IFDIR
  return { parent, name, before: before?.ino ?? 0, after: after?.ino ?? 0, directory }
}

/** What was shown of a change that is lost: for whoever has seen it, as if another mount had undone it. */
export function lostChange({ names, inodes }: Seen, now: Namespace): ForeignChange {
  return {
    names: names.map(({ parent, name }) =>
      nameChange(parent, name, undefined, now.lookup(parent, name)),
    ),
    inodes: inodes.map(({ ino }) => ({ ino, content: true })),
    removed: [],
    reloaded: false,
  }
}

export function compareInode(
  ino: number,
  before: Inode | undefined,
  after: Inode | undefined,
  changed: { ino: number; content: boolean }[],
  removed: Inode[],
): void {
  if (!after) {
    if (before) removed.push(before)
    return
  }
  // What was not known here before may have been seen all the same, unless it is new: no harm done.
  if (!before) changed.push({ ino, content: true })
  else if (before !== after && !sameInode(before, after))
    changed.push({ ino, content: contentChanged(before, after) })
}

function sameInode(a: Inode, b: Inode): boolean {
  return Buffer.compare(encodeInode(a), encodeInode(b)) === 0
}

function contentChanged(before: Inode, after: Inode): boolean {
  if ((after.mode & S_IFMT) === S_IFDIR) return false
  if (before.size !== after.size) return true
  const a = before.content
  const b = after.content
  if (a.kind === 'none' || b.kind === 'none') return a.kind !== b.kind
  if (a.kind === 'inline' || b.kind === 'inline')
    return a.kind !== 'inline' || b.kind !== 'inline' || Buffer.compare(a.data, b.data) !== 0
  if (a.kind !== b.kind || a.hash !== b.hash || a.length !== b.length) return true
  return Buffer.compare(a.tail ?? noBytes, b.tail ?? noBytes) !== 0
}

/**
 * The difference between two whole namespaces, after a reload: both are walked. `highestIno` is the
 * largest inode number in either.
 */
export function diffNamespaces(
  before: Namespace,
  after: Namespace,
): { change: ForeignChange; highestIno: number } {
  const names: ForeignChange['names'][number][] = []
  const changed: ForeignChange['inodes'][number][] = []
  const removed: Inode[] = []
  const seen = new Set<number>()
  let highestIno = 0
  for (const { parent, name, dirent } of walk(before)) {
    const now = after.lookup(parent, name)
    if (now?.ino !== dirent.ino) names.push(nameChange(parent, name, dirent, now))
    if (seen.has(dirent.ino)) continue
    seen.add(dirent.ino)
    highestIno = Math.max(highestIno, dirent.ino)
    compareInode(dirent.ino, before.inode(dirent.ino), after.inode(dirent.ino), changed, removed)
  }
  compareInode(1, before.inode(1), after.inode(1), changed, removed)
  for (const { parent, name, dirent } of walk(after)) {
    highestIno = Math.max(highestIno, dirent.ino)
    if (!before.lookup(parent, name)) names.push(nameChange(parent, name, undefined, dirent))
  }
  return { change: { names, inodes: changed, removed, reloaded: true }, highestIno }
}

/** Every name that can be reached from the root, once, even where directories form a cycle. */
function* walk(namespace: Namespace): Generator<{ parent: number; name: Name; dirent: Dirent }> {
  const directories = [1]
  const entered = new Set(directories)
  const pageSize = 1000
  for (let parent = directories.pop(); parent !== undefined; parent = directories.pop()) {
    let after: Name | undefined
    for (;;) {
      const page = namespace.list(parent, after, pageSize)
      for (const { name, ino, type } of page) {
        if (type === S_IFDIR && !entered.has(ino)) {
          entered.add(ino)
          directories.push(ino)
        }
        yield { parent, name, dirent: { ino, type } }
      }
      if (page.length < pageSize) break
      after = page[page.length - 1]?.name
    }
  }
}
