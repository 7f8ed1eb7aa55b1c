// What was written into an inode becomes its content: a snapshot of its spool, put on the newest
// committed content. Blocks are uploaded by `prepareSave`; the change itself only names them. With the
// bytes go the attributes that were changed meanwhile, and a first name for what was made without
// (O_TMPFILE, then linkat).

import type { ContentStore, NamedBlock, SaveResult, Stored } from '../../content/content.js'
import type { SaveSnapshot } from '../../content/spool.js'
import { isRegular, S_IFMT } from '../../posix/mode.js'
import type { Draft, Namespace } from '../../replica/namespace.js'
import { PrepareAgain, type Preparing } from '../../replica/replica.js'
import { compareTimes, timeAfter } from '../../volume/clock.js'
import { type Content, type Inode, inodeWith, type Timespec } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import { type IntentBase, modifiedAt } from './checks.js'
import { newNameIn } from './link.js'
import { type SettledChanges, withChanges } from './setattr.js'

interface SavingIntent extends IntentBase {
  readonly ino: number
  /** Of the last write or truncation. */
  readonly mtime: Timespec
  /** Set-id bits that it took. */
  readonly modeDropped: number
  /** Attributes set since, already answered. */
  readonly changes: SettledChanges | undefined
  /** Undefined where it comes from a journal: then it is prepared. */
  readonly snapshot: SaveSnapshot | undefined
  /** Transient: the blocks that it has made at once, held until the change has ended. */
  blocks: readonly NamedBlock[]
  /** Transient: what `prepareSave` made of the snapshot, and on what. */
  prepared: Prepared | undefined
}

interface Prepared {
  readonly base: Stored
  readonly result: SaveResult
  /** As the last attempt to commit it had it. */
  mtime?: Timespec
}

export interface SaveIntent extends SavingIntent {
  readonly kind: 'save'
}

/** The first name of an inode that is not in the volume yet. */
export interface AdoptIntent extends SavingIntent {
  readonly kind: 'adopt'
  readonly inode: Inode
  readonly parent: number
  readonly name: Name
}

/** What a save begins with. */
export type Saving = Omit<SaveIntent, 'kind' | 'blocks' | 'prepared'>

export function saveIntent({
  ino,
  time,
  mtime,
  modeDropped,
  changes,
  snapshot,
}: Saving): SaveIntent {
  const nothing = { blocks: [], prepared: undefined }
  return { kind: 'save', ino, time, mtime, modeDropped, changes, snapshot, ...nothing }
}

export interface SaveOutcome {
  readonly result: SaveResult
  /** As committed. */
  readonly inode: Inode
}

/**
 * Puts the snapshot on the content as it is now. Where that can be done at once, its blocks are held until
 * they are stored with others (`Rules.upload`); else all of it is uploaded now. Undefined: nothing to wait
 * for. `isEarly`: it may be answered before they are.
 */
export function prepareSave(
  content: ContentStore,
  intent: SaveIntent | AdoptIntent,
  namespace: Namespace,
  { missing, isEarly = false }: Preparing,
): Promise<void> | undefined {
  if (intent.blocks.length > 0 && missing) {
    for (const block of intent.blocks) content.hold(block)
    return uploadSave(content, intent)
  }
  const base = intent.kind === 'adopt' ? intent.inode : namespace.inode(intent.ino)
  if (!base || !intent.snapshot) return undefined
  if (intent.prepared && !missing && isSame(intent.prepared.base, base)) return undefined
  const keep = (result: SaveResult) => {
    intent.prepared = { base: { content: base.content, size: base.size }, result }
  }
  letGo(content, intent)
  intent.blocks = []
  const atOnce = content.saveAtOnce(base, intent.snapshot, isEarly)
  if (atOnce) {
    intent.blocks = atOnce.blocks
    keep(atOnce.result)
    return missing && uploadSave(content, intent)
  }
  const result = content.save(base, intent.snapshot)
  if (result instanceof Promise) return result.then(keep)
  keep(result)
  return undefined
}

/** Undefined: the store has all its blocks. */
export function uploadSave(
  content: ContentStore,
  { blocks }: SaveIntent | AdoptIntent,
  isAnswered = false,
): Promise<void> | undefined {
  const uploads = blocks.flatMap((block) => content.store(block, isAnswered) ?? [])
  return uploads.length > 1 ? Promise.all(uploads).then(() => {}) : uploads[0]
}

/** Its blocks need not be held any more; those that the store turns out to miss are held again. */
export function letGo(content: ContentStore, { blocks }: SaveIntent | AdoptIntent): void {
  for (const block of blocks) content.release(block)
}

/** Undefined: the inode has lost its last name, and there is nowhere to save to. */
export function applySave(intent: SaveIntent, draft: Draft): SaveOutcome | undefined {
  const inode = draft.inode(intent.ino)
  if (!inode || !isRegular(inode)) return undefined
  const outcome = savedOn(intent, inode)
  draft.setInode(outcome.inode)
  return outcome
}

export function applyAdopt(intent: AdoptIntent, draft: Draft): SaveOutcome {
  const directory = newNameIn(intent, draft)
  const { result, inode } = savedOn(intent, intent.inode)
  const named = inodeWith(inode, { nlink: 1 })
  draft.setInode(named)
  draft.setInode(modifiedAt(directory, intent.time))
  draft.link(intent.parent, intent.name, { ino: named.ino, type: named.mode & S_IFMT })
  return { result, inode: named }
}

/**
 * What came of a save that nobody got an answer for, where it has become the inode's content after all.
 * Undefined: it has not, or something came on top of it.
 */
export function landed(intent: SaveIntent | AdoptIntent, inode: Inode): SaveResult | undefined {
  const { prepared } = intent
  if (!prepared?.mtime || !isSame(prepared.result, inode)) return undefined
  return compareTimes(prepared.mtime, inode.mtime) === 0 ? prepared.result : undefined
}

/**
 * What a write of `mtime` leaves on an inode: behind a content change that somebody else committed after
 * it, so that no time goes back. A time that was set by hand and lies ahead (of its ctime) does not count.
 */
export function mtimeOn(inode: Pick<Inode, 'mtime' | 'ctime'>, mtime: Timespec): Timespec {
  const isLater = compareTimes(inode.mtime, mtime) > 0
  const isSetAhead = compareTimes(inode.mtime, inode.ctime) > 0
  return isLater && !isSetAhead ? timeAfter(mtime, inode.mtime) : mtime
}

function savedOn(intent: SaveIntent | AdoptIntent, inode: Inode): SaveOutcome {
  const { prepared, time, changes, modeDropped } = intent
  if (!prepared || !isSame(prepared.base, inode)) throw new PrepareAgain()
  const { content, size } = prepared.result
  const mode = inode.mode & ~modeDropped
  const mtime = mtimeOn(inode, intent.mtime)
  const ctime = timeAfter(time, inode.ctime)
  const written = inodeWith(inode, { mode, content, size, mtime, ctime })
  const saved = changes ? withChanges(written, { changes, time }) : written
  prepared.mtime = saved.mtime
  return { result: prepared.result, inode: saved }
}

function isSame(a: Stored, b: Stored): boolean {
  return a.size === b.size && isSameContent(a.content, b.content)
}

function isSameContent(a: Content, b: Content): boolean {
  if (a.kind === 'none') return b.kind === 'none'
  if (a.kind === 'inline') return b.kind === 'inline' && isSameBytes(a.data, b.data)
  if (b.kind !== a.kind || a.hash !== b.hash || a.length !== b.length) return false
  return isSameBytes(a.tail, b.tail)
}

function isSameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (!a || !b) return a === b
  return Buffer.compare(a, b) === 0
}
