// Checks environments of an owner, and on an embedded engine the owner's books. Changes nothing but a lease, where
// the blocks have to be kept for as long as it reads.

import type { Snapshot, Store } from '../../store/store.js'
import { FormatError } from '../../volume/format-error.js'
import { type Head, VolumeState } from '../../volume/head.js'
import type { Uuid } from '../../volume/record.js'
import { frozenBlocks, storedBlocks } from './block-reader.js'
import { checkBooks } from './check-books.js'
import { ContentsCheck, type ContentsSummary } from './check-contents.js'
import { checkJournals, committedNumbers } from './check-journals.js'
import { checkFrozenLog, checkLiveLog } from './check-log.js'
import { checkTree } from './check-tree.js'
import { checkIndex, checkVolumeRow, volumeRowOf } from './check-volume-rows.js'
import type { Report } from './finding.js'
import { holdSession } from './hold-session.js'
import { readFrozen, readLive, type VolumeState as State } from './read-volume.js'
import { collectFacts, inodesOf, type TreeFacts } from './tree-facts.js'

export interface FsckOptions {
  readonly volume: Uuid
  readonly owner: Uuid
  /** Every block's bytes are read; else a sample. */
  readonly readBlocks: boolean
  /** Of the volume's journals on this machine; absent: there are none to be checked. */
  readonly journalDirectory?: string
}

export interface FsckSummary extends ContentsSummary {
  readonly inodes: number
  readonly seq: number
}

/** A volume, as of one moment. Throws StoreUnavailable, and what reading files throws: then it is not checked. */
export async function checkVolume(
  store: Store,
  options: FsckOptions,
  report: Report,
): Promise<FsckSummary> {
  if (!store.snapshot) return checkLive(store, options, report)
  const snapshot = store.snapshot()
  try {
    return await checkFrozen(snapshot, options, report)
  } finally {
    snapshot.close()
  }
}

/** The file that everything is in, where there is one: comes first, as reading it may end the process. */
export function checkFile(store: Store, report: Report): void {
  const snapshot = store.snapshot?.()
  try {
    for (const fault of snapshot?.fileFaults?.((count) => report.progress('pages', count)) ?? [])
      report.finding({ check: 'file', message: `the store's data file: ${fault}` })
  } finally {
    snapshot?.close()
  }
}

/** The books of an owner; nothing where the engine keeps none. */
export async function checkOwner(store: Store, owner: Uuid, report: Report): Promise<void> {
  const snapshot = store.snapshot?.()
  if (!snapshot) return
  try {
    await checkBooks(snapshot, owner, report)
  } finally {
    snapshot.close()
  }
}

async function checkFrozen(
  snapshot: Snapshot,
  options: FsckOptions,
  report: Report,
): Promise<FsckSummary> {
  const { volume, owner } = options
  const state = await readFrozen(snapshot, volume, report)
  const row = volumeRowOf(snapshot, volume, report)
  const facts = collectFacts(state.tree, report)
  if (row) checkVolumeRow(row, owner, state.tree.count, report)
  if (state.head) checkFrozenLog(snapshot, volume, state.head, row, report)
  checkIndex(snapshot, volume, facts, report)
  const contents = new ContentsCheck(frozenBlocks(snapshot, owner), report, options.readBlocks)
  return checkState(state, facts, contents, options, report)
}

async function checkLive(store: Store, options: FsckOptions, report: Report): Promise<FsckSummary> {
  const { volume, owner } = options
  const release = await holdSession(store, volume)
  try {
    const state = await readLive(store, volume, report).catch((error: unknown) => {
      if (!(error instanceof FormatError)) throw error
      const message = `an entry that is made now cannot be read: ${error.message}`
      report.finding({ check: 'log', message })
      throw error
    })
    const facts = collectFacts(state.tree, report)
    if (state.head) await checkLiveLog(store, volume, state.head, report)
    const contents = new ContentsCheck(storedBlocks(store, owner), report, options.readBlocks)
    return await checkState(state, facts, contents, options, report)
  } finally {
    await release()
  }
}

async function checkState(
  { head, tree }: State,
  facts: TreeFacts,
  contents: ContentsCheck,
  { volume, journalDirectory }: FsckOptions,
  report: Report,
): Promise<FsckSummary> {
  const isGone = head?.state === VolumeState.deleting && tree.count === 0
  if (!isGone) checkTree(facts, head, report)
  for (const { inode, place } of inodesOf(facts)) {
    const path = place ? facts.pathOf(place) : `<inode ${inode.ino}>`
    await contents.add(inode, path)
  }
  const summary = await contents.finish()
  const committed = committedNumbers(tree, report)
  if (journalDirectory !== undefined)
    await checkJournals(journalDirectory, volume, committed, report)
  return { ...summary, inodes: summary.files, seq: seqOf(head) }
}

function seqOf(head: Head | undefined): number {
  return head?.seq ?? 0
}
