// The rules on which "nobody answers early after somebody else has taken the lease" rests, each a function or
// a switch, so that the simulation can break one and show that it notices. Nothing else replaces them.

import type { Moment } from './contact.js'

/** How long a recaller waits for a holder that shows no sign of life. */
export const takeAfterMs = 10_000
/** The holder stops answering early so long before. */
const marginMs = 2_000
/**
 * So long the holder trusts a look at tables that it shares with others: nobody else changes them while it
 * may answer early, and it notices a recall no later than this. Who shares tables shares the clock too.
 */
const lookGoodMs = 20
/** A wall clock that ran so much further than this machine's own: it was asleep, or worse. */
const wallDriftMsMax = 1_000

/** Rules of the lease, each a function, so that the simulation can break one and show that it notices. */
export interface LeaseRules {
  /** Whether a holder whose last sign of being the holder is so old may still answer early. */
  isInTime(ageMs: number): boolean
  /** Whether a holder's look at shared tables that is so old still tells that it is the holder. */
  isLookGood(ageMs: number): boolean
  /** From when a recaller counts: what it learned of this recall, and of the holder since. */
  waitsSince(learnedMs: number, holderMs: number): number
  /** While a release is on its way. */
  answersWhileReleasing: boolean
  /** New changes while the lease is recalled from this process. */
  holdsBack: boolean
  /** Looks at another process' lease for every attempt, not for the first alone. */
  looksAgain: boolean
  /** Whether it may answer early: once more behind the journal write. */
  checksAgain: boolean
  /** The age of the last sign, by a clock that goes on in suspend. */
  age(now: Moment, then: Moment): number
}

export const leaseRules: LeaseRules = {
  isInTime: (ageMs) => ageMs < takeAfterMs - marginMs,
  isLookGood: (ageMs) => ageMs < lookGoodMs,
  waitsSince: (learnedMs, holderMs) => Math.max(learnedMs, holderMs),
  answersWhileReleasing: false,
  holdsBack: true,
  looksAgain: true,
  checksAgain: true,
  age(now, then) {
    const passedMs = now.bootMs - then.bootMs
    const isAsleep = now.wallMs - then.wallMs - passedMs > wallDriftMsMax
    return isAsleep ? Number.POSITIVE_INFINITY : passedMs
  },
}
