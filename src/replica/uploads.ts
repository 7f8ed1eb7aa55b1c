// What changes name has to be in the store before they are committed.

import { asFsError } from '../posix/errno.js'
import type { Clock } from '../volume/clock.js'
import type { Member } from './member.js'
import type { Pending } from './pending.js'
import type { Rules } from './replica.js'
import { backoffMs, sleep } from './waiting.js'

export interface UploadsContext<Intent> {
  readonly rules: Rules<Intent>
  readonly earlyChangesMax: number
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
}

/**
 * What was answered is committed together, not up to the first change whose blocks the store does not have.
 * False where some of them cannot be had.
 */
export async function uploadAnswered<Intent>(
  queue: readonly Member<Intent>[],
  { rules, earlyChangesMax }: Pick<UploadsContext<Intent>, 'rules' | 'earlyChangesMax'>,
): Promise<boolean> {
  const uploads: Promise<void>[] = []
  for (const { isEarly, intent } of queue.slice(0, earlyChangesMax)) {
    const upload = isEarly ? rules.upload?.(intent, true) : undefined
    if (upload) uploads.push(upload)
  }
  if (uploads.length === 0) return true
  const outcomes = await Promise.allSettled(uploads)
  return outcomes.every(({ status }) => status === 'fulfilled')
}

/**
 * For the first of the queue, which is stopped by it: its caller is told where that fails, if he waits.
 * `hasFailed`: what was answered was asked for just now, in vain.
 */
export async function uploadFirst<Intent>(
  pending: Pending<Intent>,
  { rules, clock, random, signal }: UploadsContext<Intent>,
  hasFailed: boolean,
): Promise<void> {
  const first = pending.queue[0]
  if (hasFailed && first?.isEarly) return sleep(clock, backoffMs(10, random), signal)
  try {
    // Never nothing but microtasks: what it waits for has to get on.
    await ((first && rules.upload?.(first.intent, first.isEarly)) ?? sleep(clock, 1, signal))
  } catch (error) {
    if (!first || first.isEarly) await sleep(clock, backoffMs(10, random), signal)
    else if (pending.take((member) => member === first).length > 0)
      pending.end(first, asFsError(error))
  }
}
