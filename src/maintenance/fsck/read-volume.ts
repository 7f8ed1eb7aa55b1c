// The records of a volume as of one seq, though others write to it meanwhile: out of a snapshot where the engine
// has one, else a scan and then the log from before it, as a replica loads its copy.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Snapshot, type Store, StoreUnavailable } from '../../store/store.js'
import type { Head } from '../../volume/head.js'
import type { Key, Uuid } from '../../volume/record.js'
import type { Report } from './finding.js'
import { VolumeTree } from './volume-tree.js'

const attemptsMax = 5
const pageSize = 1000
/** Between two turns of the event loop. */
const turnRecords = 10_000

export interface VolumeState {
  /** Undefined: there is none, or it cannot be read, which was told. */
  readonly head: Head | undefined
  readonly tree: VolumeTree
}

/** Tells of a head that cannot be read. */
export async function readFrozen(
  snapshot: Snapshot,
  volume: Uuid,
  report: Report,
): Promise<VolumeState> {
  const head = snapshot.head(volume)
  if (head instanceof Error)
    report.finding({ check: 'head', message: `the head of the volume: ${head.message}` })
  if (head === undefined)
    report.finding({
      check: 'head',
      message: 'the volume has no head: its records count for nothing',
    })
  const tree = new VolumeTree()
  let count = 0
  for (const record of snapshot.records(volume)) {
    tree.put(record)
    if (++count % turnRecords !== 0) continue
    report.progress('records', count)
    await sleep(0)
  }
  return { head: head instanceof Error ? undefined : head, tree }
}

/** Throws StoreUnavailable where it moves on faster than it can be read; FormatError of a damaged log. */
export async function readLive(store: Store, volume: Uuid, report: Report): Promise<VolumeState> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const before = await store.readHead(volume)
    const tree = new VolumeTree()
    if (!before) {
      report.finding({ check: 'head', message: 'the volume has no head: it does not exist' })
      return { head: undefined, tree }
    }
    await scan(store, volume, tree, report)
    // Only now is it certain what the pages may have shown: all of it must be in the entries.
    const after = await store.readHead(volume)
    const head = after && (await replay(store, volume, tree, before, after))
    if (head) return { head, tree }
  }
  throw new StoreUnavailable('the log of the volume expires faster than the volume can be read')
}

async function scan(store: Store, volume: Uuid, tree: VolumeTree, report: Report): Promise<void> {
  let after: Key | undefined
  do {
    const page = await store.scan(volume, after, pageSize)
    for (const record of page.records) tree.put(record)
    after = page.after
    report.progress('records', tree.count)
  } while (after)
}

/** Undefined where entries are missing, or are not of one chain. */
async function replay(
  store: Store,
  volume: Uuid,
  tree: VolumeTree,
  from: Head,
  to: Head,
): Promise<Head | undefined> {
  let head = from
  while (head.seq < to.seq) {
    const entries = await store.readLog(volume, head.seq, pageSize)
    if (entries.length === 0) return undefined
    for (const entry of entries) {
      if (entry.seq !== head.seq + 1 || entry.previousRequest !== head.request) return undefined
      for (const key of entry.deletes) tree.delete(key)
      for (const record of entry.puts) tree.put(record)
      head = entry.head
    }
  }
  return head
}
