// All that the memory engine keeps, copied at one moment, for checks.

import { FormatError } from '../../volume/format-error.js'
import { decodeLogEntry } from '../../volume/log-entry-codec.js'
import type { Uuid } from '../../volume/record.js'
import type { Snapshot, VolumeRow } from '../store.js'
import type { MemoryBlocks } from './memory-blocks.js'
import type { MemoryVolume } from './memory-volume.js'

const everything = Number.POSITIVE_INFINITY

export function takeSnapshot(
  volumes: ReadonlyMap<Uuid, MemoryVolume>,
  blocks: MemoryBlocks,
): Snapshot {
  const taken = new Map([...volumes].map(([volume, kept]) => [volume, copyOf(kept)]))
  const ledger = blocks.copy()
  return {
    volumes: () => [...taken].map(([volume, { row }]) => ({ volume, row })),
    head: (volume) => taken.get(volume)?.head,
    records: (volume) => taken.get(volume)?.records ?? [],
    log: (volume) => taken.get(volume)?.log ?? [],
    // It is made of the records wherever they change, and is nowhere kept.
    links: () => undefined,
    ledger: (owner) =>
      ledger.list(owner, undefined, everything).map((hash) => ({
        hash,
        row: ledger.block(owner, hash),
      })),
    trails: () => ledger.trails(undefined, everything),
    block: (owner, hash) => ledger.get(owner, hash),
    hasBlock: (owner, hash) => ledger.get(owner, hash) !== undefined,
    blocks: (owner) =>
      ledger.list(owner, undefined, everything).filter((hash) => ledger.get(owner, hash)),
    close: () => {},
  }
}

function copyOf(volume: MemoryVolume) {
  const { tables, owner } = volume
  const { first, entries } = volume.log()
  const logBytes = entries.reduce((sum, { length }) => sum + length, 0)
  const logFirst = entries.length > 0 ? first : (tables.head()?.seq ?? 0) + 1
  const row: VolumeRow | undefined =
    owner === undefined ? undefined : { owner, count: tables.count(), logFirst, logBytes }
  const log = entries.map((bytes, index) => ({ seq: first + index, entry: decoded(bytes) }))
  return { row, head: tables.head(), records: tables.scan(undefined, everything), log }
}

function decoded(bytes: Uint8Array) {
  try {
    return decodeLogEntry(bytes)
  } catch (error) {
    if (error instanceof FormatError) return error
    throw error
  }
}
