// How long who has lost a race for the next place in the log, or could not send, waits before it tries again.

import type { Clock } from '../volume/clock.js'
import type { Committed } from './committed.js'
import type { Follow } from './follow.js'
import type { Decision } from './settle.js'
import { backoffMs, sleep } from './waiting.js'
import type { WriteLeaseKeeper } from './write-lease.js'

export interface StepBackContext {
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
  readonly follow: Follow
  readonly committed: Committed
  readonly lease: WriteLeaseKeeper
}

export async function stepBack(
  decision: Decision | undefined,
  losses: number,
  { clock, random, signal, follow, committed, lease }: StepBackContext,
): Promise<void> {
  const isShared = committed.source.kind === 'shared'
  // Where the engine orders transactions itself, who steps back lets a busy process win them all.
  if (decision?.kind === 'lost' && isShared) return
  // It lost to a recall: whoever asked for the lease waits for it.
  if (decision?.kind === 'lost' && lease.isMine) return
  await sleep(clock, backoffMs(losses - 1, random), signal)
  // Whoever has won goes on meanwhile: with what was read before the sleep every race would be lost.
  if (!isShared && !signal.aborted) await follow.poll().catch(() => {})
}
