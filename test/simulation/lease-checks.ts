// What must be so in every moment, whatever a mount believes: looked at with the eyes of the store.

import type { Store } from '../../src/store/store.js'
import { EntryKind } from '../../src/volume/log-entry.js'
import type { Uuid } from '../../src/volume/record.js'
import type { Asked } from './asked.js'
import type { Line } from './line.js'
import type { MachineClock } from './virtual-time.js'
import type { World } from './world.js'

/** Nobody may answer early without having heard from the store for so long. */
const leaseMs = 10_000
/** For so long a caller waits at least. */
const patienceSec = 15

interface CheckContext {
  readonly world: World
  readonly shared: boolean
  readonly asked: readonly Asked[]
  readonly complain: (what: string) => void
}

interface Checked {
  readonly id: Uuid
  readonly clock: MachineClock
  readonly line: Line
}

/** Nobody changes anything under another's lease. A void may only take the place of what nobody waits for any more. */
export function watched(
  store: Store,
  { id, clock }: Pick<Checked, 'id' | 'clock'>,
  { asked, complain, world }: CheckContext,
): Store {
  const bySeq = new Map<number, ReadonlySet<number>>()
  const commit: Store['commit'] = async (commit) => {
    const { kind, seq, answers } = commit.entry
    if (kind === EntryKind.change) bySeq.set(seq, new Set(answers.map(({ unique }) => unique)))
    const waiting = kind === EntryKind.void ? bySeq.get(seq) : undefined
    // A machine that stood still gives up before it has told its callers.
    const sinceSec = clock.wall().sec - patienceSec
    for (const { mount, unique, outcome, intent } of waiting ? asked : [])
      if (
        mount === id &&
        waiting?.has(unique) &&
        outcome.kind === 'pending' &&
        intent.at.sec > sinceSec
      )
        complain(`${mount}.${unique} is voided at ${seq} while somebody waits for it`)
    const outcome = await store.commit(commit)
    const before = world.history[seq - 2]?.entry.head.lease
    const isForeign = before !== undefined && before.holder !== id
    if (kind === EntryKind.change && isForeign && outcome.kind === 'applied')
      if (world.restores === 0) complain(`${id} changed ${seq} under another's lease`)
    return outcome
  }
  return { ...store, commit }
}

/** Whatever this mount believes: nobody else may have the lease when it answers early. */
export function checkHolder(
  { id, clock, line }: Checked,
  { world, complain, shared }: CheckContext,
  what: string,
): void {
  const ageMs = clock.bootMs() - line.answeredMs
  if (!shared && ageMs > leaseMs) complain(`${what} was answered early, ${ageMs} ms after contact`)
  const holder = world.history.at(-1)?.entry.head.lease?.holder
  if (world.restores === 0 && holder !== id)
    complain(`${what} was answered early at ${world.seq}, when ${holder ?? 'nobody'} had the lease`)
}
