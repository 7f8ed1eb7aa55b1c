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

export interface SweepResult {
  readonly ended: number
  readonly deleted: number
  /** There was more to look at than `trailsMax`. */
  readonly more: boolean
}

/** Looks at `trailsMax` trails at most. */
export function sweepTrails(
  rows: LedgerRows,
  sessions: readonly Session[],
  nowMs: number,
  trailsMax: number,
): SweepResult {
  const isPinned = pinTest(rows, sessions)
  const horizons = new Map<Uuid, number>([[nilUuid, nowMs - unnamedMsMax]])
  for (const { volume, seq = -1 } of sessions)
    horizons.set(volume, Math.min(seq, horizons.get(volume) ?? Number.POSITIVE_INFINITY))
  let [ended, deleted, seen] = [0, 0, 0]
  let after: Trail | undefined
  for (;;) {
    const page = rows.trails(after, pageSize)
    for (const trail of page) {
      if (++seen > trailsMax) return { ended, deleted, more: true }
      after = trail
      if (trail.position > (horizons.get(trail.volume) ?? Number.POSITIVE_INFINITY)) {
        after = { volume: trail.volume, position: Number.MAX_SAFE_INTEGER, ...behindAll }
        break
      }
      if (isPinned(trail.owner, trail.hash)) continue
      ended++
      if (endTrail(rows, trail)) deleted++
    }
    if (page.length === 0) return { ended, deleted, more: false }
  }
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

/** Pinned are also the blocks that a pinned manifest names. */
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
      pinned = new Set(pins.flatMap((pin) => [pin, ...(rows.block(owner, pin)?.refs ?? [])]))
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
