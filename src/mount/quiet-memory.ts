// A mount that has come to rest gives back what a burst of work allocated and freed: a container is charged
// for it as long as it is kept. Once for each burst, and not while requests come one after another, who would wait
// for it: a mount that is asked ten times a second for ever keeps it, for its next burst.

import { trimMemory } from '../native/memory.js'

const lookMs = 5000
/** Since the last time: less has left nothing worth a pause. */
const burstRequests = 1000
/** Between two looks. */
const quietRequestsMax = 50

/** `requests` counts those that have come so far. Answers what ends it. */
export function trimWhenQuiet(requests: () => number, trim = trimMemory): () => void {
  let [seen, trimmedAt] = [requests(), requests()]
  const timer = setInterval(() => {
    const count = requests()
    const isQuiet = count - seen <= quietRequestsMax
    seen = count
    if (!isQuiet || count - trimmedAt < burstRequests) return
    trimmedAt = count
    trim()
  }, lookMs)
  timer.unref()
  return () => clearInterval(timer)
}
