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
 * Where one cannot be had, whoever is stopped by it asks again.
 */
export async function uploadAnswered<Intent>(
  queue: readonly Member<Intent>[],
  { rules, earlyChangesMax }: Pick<UploadsContext<Intent>, 'rules' | 'earlyChangesMax'>,
): Promise<void> {
  const uploads: Promise<void>[] = []
  for (const { isEarly, intent } of queue.slice(0, earlyChangesMax)) {
    const upload = isEarly ? rules.upload?.(intent) : undefined
    if (upload) uploads.push(upload)
  }
  if (uploads.length > 0) await Promise.allSettled(uploads)
}

/** For the first of the queue, which is stopped by it: its caller is told where that fails, if he waits. */
export async function uploadFirst<Intent>(
  pending: Pending<Intent>,
  { rules, clock, random, signal }: UploadsContext<Intent>,
): Promise<void> {
  const first = pending.queue[0]
  try {
    // Never nothing but microtasks: what it waits for has to get on.
    await ((first && rules.upload?.(first.intent)) ?? sleep(clock, 1, signal))
  } catch (error) {
    if (!first || first.isEarly) await sleep(clock, backoffMs(10, random), signal)
    else if (pending.take((member) => member === first).length > 0)
      pending.end(first, asFsError(error))
  }
}
