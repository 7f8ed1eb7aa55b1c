// Ends the trails (block-ledger.ts) that nobody needs any more and deletes the blocks that go with
// their last one. Runs within one transaction of an engine, a bounded piece at a time.

import type { Hash } from '../volume/inode.js'
import type { Uuid } from '../volume/record.js'
import { nilUuid } from '../volume/uuid.js'
import { type LedgerRows, type Trail, unnamedMsMax } from './block-ledger.js'

const pageSize = 256
const behindAll = { owner: 'ffffffff-ffff-ffff-ffff-ffffffffffff', hash: 'ff'.repeat(32) }

/** What a process that has a volume open says in its session lease. */
export interface Session {
  readonly volume: Uuid
  /** It has followed the log so far; undefined where it cannot be told: then nothing may go. */
  readonly seq: number | undefined
  /** Blocks of unlinked files that it holds open. */
  readonly pins: readonly Hash[]
}

/** What a sweep finds; made by `dueTrails`, which only reads. */
export interface DueTrails {
  readonly trails: readonly Trail[]
  /** There was more to look at than `seenMax`, or more that is due than `dueMax`. */
  readonly more: boolean
}

/** Trails that may end now. Looks at `seenMax` trails at most, answers `dueMax` at most. */
export function dueTrails(
  rows: LedgerRows,
  sessions: readonly Session[],
  nowMs: number,
  { seenMax, dueMax }: { readonly seenMax: number; readonly dueMax: number },
): DueTrails {
  const isPinned = pinTest(rows, sessions)
  const horizonOf = horizonTest(sessions, nowMs)
  const due: Trail[] = []
  let after: Trail | undefined
  for (let seen = 0; ; ) {
    const page = rows.trails(after, pageSize)
    if (page.length === 0) return { trails: due, more: false }
    for (const trail of page) {
      if (due.length >= dueMax || ++seen > seenMax) return { trails: due, more: true }
      after = trail
      if (trail.position > horizonOf(trail.volume)) {
        // Nor may what follows in this volume: on to the next.
        after = { volume: trail.volume, position: Number.MAX_SAFE_INTEGER, ...behindAll }
        break
      }
      if (!isPinned(trail.owner, trail.hash)) due.push(trail)
    }
  }
}

/** Ends trails that are due; answers how many blocks went with them. */
export function endTrails(rows: LedgerRows, trails: readonly Trail[]): number {
  return trails.filter((trail) => endTrail(rows, trail)).length
}

/** True where the block went with it. */
function endTrail(rows: LedgerRows, trail: Trail): boolean {
  rows.removeTrail(trail)
  const row = rows.block(trail.owner, trail.hash)
  if (!row) return false
  const trails = row.trails - 1
  const goes = row.count === 0 && trails === 0
  rows.setBlock(trail.owner, trail.hash, goes ? undefined : { ...row, trails })
  return goes
}

/** Up to which position the trails of a volume may end. */
function horizonTest(sessions: readonly Session[], nowMs: number): (volume: Uuid) => number {
  const horizons = new Map<Uuid, number>([[nilUuid, nowMs - unnamedMsMax]])
  for (const { volume, seq = -1 } of sessions)
    horizons.set(volume, Math.min(seq, horizons.get(volume) ?? Number.POSITIVE_INFINITY))
  return (volume) => horizons.get(volume) ?? Number.POSITIVE_INFINITY
}

/** Pinned are also the blocks that a pinned manifest names, manifests among them. */
function pinTest(
  rows: LedgerRows,
  sessions: readonly Session[],
): (owner: Uuid, hash: Hash) => boolean {
  const pins = sessions.flatMap((session) => session.pins)
  const byOwner = new Map<Uuid, Set<Hash>>()
  return (owner, hash) => {
    if (pins.length === 0) return false
    let pinned = byOwner.get(owner)
    if (!pinned) {
      pinned = new Set(pins)
      for (const pin of pinned)
        for (const ref of rows.block(owner, pin)?.refs ?? []) pinned.add(ref)
      byOwner.set(owner, pinned)
    }
    return pinned.has(hash)
  }
}

/** Reads a session lease's value; what cannot be read holds everything back. */
export function parseSession(volume: Uuid, value: string): Session {
  try {
    const { seq, pins } = JSON.parse(value) as { seq?: unknown; pins?: unknown }
    const known = Array.isArray(pins) ? pins.filter((pin) => typeof pin === 'string') : []
    return { volume, seq: typeof seq === 'number' ? seq : undefined, pins: known }
  } catch {
    return { volume, seq: undefined, pins: [] }
  }
}
