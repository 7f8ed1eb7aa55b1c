// What was answered is committed together, not up to the first change whose blocks the store does not have.

import type { Member } from './member.js'
import type { Rules } from './replica.js'

/** Has the store have what the front of `queue` names; where that fails, whoever is stopped by it asks again. */
export async function uploadAnswered<Intent>(
  queue: readonly Member<Intent>[],
  { rules, earlyChangesMax }: { readonly rules: Rules<Intent>; readonly earlyChangesMax: number },
): Promise<void> {
  const uploads: Promise<void>[] = []
  for (const { isEarly, intent } of queue.slice(0, earlyChangesMax)) {
    const upload = isEarly ? rules.upload?.(intent) : undefined
    if (upload) uploads.push(upload)
  }
  if (uploads.length > 0) await Promise.allSettled(uploads)
}
