// Those who wait for what the kernel says to their notification, in the order these were given.

type Waiter = (errno: number) => void

/** From here on what was answered is dropped, when it is half of all: each then moves once on average. */
const droppedMin = 1024

export class NotifyWaiters {
  #waiters: Waiter[] = []
  #answered = 0

  get length(): number {
    return this.#waiters.length - this.#answered
  }

  add(waiter: Waiter): void {
    this.#waiters.push(waiter)
  }

  /** The first of the line is answered. */
  answer(errno: number): void {
    const waiter = this.#waiters[this.#answered]
    if (!waiter) return
    this.#answered++
    if (this.length === 0 || this.#answered >= Math.max(droppedMin, this.length)) {
      this.#waiters = this.#waiters.slice(this.#answered)
      this.#answered = 0
    }
    waiter(errno)
  }

  /** All are answered, and stay in the line: who is answered again does not hear it. */
  answerEarly(errno: number): void {
    for (let at = this.#answered; at < this.#waiters.length; at++) this.#waiters[at]?.(errno)
  }

  /** All are answered, and gone. */
  answerAll(errno: number): void {
    const left = this.#waiters.slice(this.#answered)
    this.#waiters = []
    this.#answered = 0
    for (const waiter of left) waiter(errno)
  }
}
