// When a process asks for the write lease: it commits again and again while nobody else does. Who had to give
// it back soon asks more and more seldom, so that mounts that fight over a volume fall back to plain commits.

/** After so many commits of this process, each begun within `streakGapMs` of the end of the one before, the
 * next asks for the lease, unless somebody else has committed within `aloneMs`. */
const streakMin = 2
const streakGapMs = 500
const aloneMs = 1_000
/** After a recall this process does not ask again for a while, and longer each time that it had it shortly. */
const coolMsMin = 1_000
const coolMsMax = 30_000
const shortMs = 10_000

export class LeaseWish {
  readonly #nowMs: () => number
  /** Own commits one behind the other, and when the last of them began and ended. */
  #streak = 0
  #beganMs = Number.NEGATIVE_INFINITY
  #endedMs = Number.NEGATIVE_INFINITY
  #foreignMs = Number.NEGATIVE_INFINITY
  #grantedMs = 0
  #coolMs = coolMsMin
  #coolUntilMs = Number.NEGATIVE_INFINITY

  /** `nowMs`: by a clock that goes on in suspend. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  get isThere(): boolean {
    const nowMs = this.#nowMs()
    if (nowMs < this.#coolUntilMs || nowMs - this.#foreignMs < aloneMs) return false
    return this.#streak >= streakMin && nowMs - this.#endedMs < streakGapMs
  }

  /** A batch of this process is being sent. */
  begin(): void {
    this.#beganMs = this.#nowMs()
  }

  /** It was committed. */
  commit(): void {
    const isNext = this.#beganMs - this.#endedMs < streakGapMs && this.#foreignMs < this.#beganMs
    this.#streak = isNext ? this.#streak + 1 : 1
    this.#endedMs = this.#nowMs()
  }

  /** Another process has committed. */
  meetForeign(): void {
    this.#foreignMs = this.#nowMs()
  }

  grant(): void {
    this.#grantedMs = this.#nowMs()
  }

  /** Somebody else asked for it. */
  recall(): void {
    const wasShort = this.#nowMs() - this.#grantedMs < shortMs
    this.#coolMs = wasShort ? Math.min(coolMsMax, 2 * this.#coolMs) : coolMsMin
    this.#coolUntilMs = this.#nowMs() + this.#coolMs
  }
}
