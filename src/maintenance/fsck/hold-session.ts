// A session on a volume, as a mount has one: whoever collects garbage keeps what was named when it began.

import { type Store, StoreUnavailable } from '../../store/store.js'
import type { Uuid } from '../../volume/record.js'
import { newUuid } from '../../volume/uuid.js'

const ttlMs = 60_000

/** Answers what ends it. Throws StoreUnavailable. */
export async function holdSession(store: Store, volume: Uuid): Promise<() => Promise<void>> {
  const head = await store.readHead(volume)
  const holder = newUuid()
  const key = `session/${volume}/${holder}`
  const value = JSON.stringify({ seq: head?.seq ?? 0, pins: [] })
  const renew = () => store.acquireLease({ key, holder, value }, ttlMs)
  const { held } = await renew()
  if (!held) throw new StoreUnavailable(`the session ${key} is held by somebody else`)
  // One that fails is made up for by the next: three fit into the time that one lasts.
  const timer = setInterval(() => renew().catch(() => undefined), ttlMs / 4)
  return async () => {
    clearInterval(timer)
    await store.releaseLease(key, holder)
  }
}
