// Time that passes only when everything that can run has run: events fire in order of their time, and
// between two of them all promises settle. Hours take seconds, and a seed repeats every interleaving.

import type { Clock } from '../../src/volume/clock.js'

interface Event {
  readonly atMs: number
  readonly order: number
  fire: (() => void) | undefined
}

export class VirtualTime {
  #nowMs = 0
  #order = 0
  #events: Event[] = []

  get nowMs(): number {
    return this.#nowMs
  }

  /** Answers how to cancel it. */
  after(delayMs: number, fire: () => void): () => void {
    const event: Event = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, fire }
    this.#push(event)
    return () => {
      event.fire = undefined
    }
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve)
    })
  }

  /** Lets time pass until `isDone`; false where `limitMs` is over before, or nothing is left to come. */
  async runUntil(isDone: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#nowMs + limitMs
    for (;;) {
      await settlePromises()
      if (isDone()) return true
      const event = this.#pop()
      if (!event) return false
      if (event.atMs > endMs) {
        this.#push(event)
        this.#nowMs = endMs
        return false
      }
      this.#nowMs = event.atMs
      event.fire?.()
    }
  }

  #push(event: Event): void {
    const heap = this.#events
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const up = (at - 1) >> 1
      if (!isBefore(event, heap[up] as Event)) break
      heap[at] = heap[up] as Event
      at = up
    }
    heap[at] = event
  }

  /** The next event that was not cancelled. */
  #pop(): Event | undefined {
    for (;;) {
      const first = this.#popAny()
      if (!first || first.fire) return first
    }
  }

  #popAny(): Event | undefined {
    const heap = this.#events
    const first = heap[0]
    const last = heap.pop()
    if (!first || !last || heap.length === 0) return first
    let at = 0
    for (;;) {
      let down = 2 * at + 1
      if (down >= heap.length) break
      if (down + 1 < heap.length && isBefore(heap[down + 1] as Event, heap[down] as Event)) down++
      if (!isBefore(heap[down] as Event, last)) break
      heap[at] = heap[down] as Event
      at = down
    }
    heap[at] = last
    return first
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs !== b.atMs ? a.atMs < b.atMs : a.order < b.order
}

/** Every promise chain that needs nothing from outside has run when this resolves. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** No timer takes no time: added to a clock that is far on, a tiny delay is lost, and who waits would wait for ever. */
const timerMsMin = 0.001

/**
 * The clock of one machine. It can be stopped: then nothing it was asked to do happens, and (in
 * suspend) its monotonic time stands still, while the wall's goes on.
 */
export class MachineClock implements Clock {
  readonly #time: VirtualTime
  readonly #wallOffsetMs: number
  #suspendedMs = 0
  #jumpedMs = 0
  #stopped: { sinceMs: number; isSuspend: boolean } | undefined
  #held: (() => void)[] = []
  #isDead = false

  constructor(time: VirtualTime, wallOffsetMs: number) {
    this.#time = time
    this.#wallOffsetMs = wallOffsetMs
  }

  get isStopped(): boolean {
    return this.#stopped !== undefined
  }

  wall(): { sec: number; nsec: number } {
    const ms = 1_700_000_000_000 + this.bootMs() + this.#wallOffsetMs
    const sec = Math.floor(ms / 1000)
    return { sec, nsec: Math.floor((ms - sec * 1000) * 1e6) }
  }

  monotonicMs(): number {
    const stopped = this.#stopped
    const still = stopped?.isSuspend ? this.#time.nowMs - stopped.sinceMs : 0
    return this.#time.nowMs + this.#jumpedMs - this.#suspendedMs - still
  }

  bootMs(): number {
    return this.#time.nowMs + this.#jumpedMs
  }

  /** The machine notices only now that so much time has passed. */
  jump(durationMs: number): void {
    this.#jumpedMs += durationMs
  }

  setTimer(delayMs: number, fire: () => void): () => void {
    const dueMs = this.monotonicMs() + delayMs
    let cancelled = false
    const ring = (): void => {
      if (cancelled) return
      const leftMs = dueMs - this.monotonicMs()
      if (leftMs > 1e-6) this.#time.after(leftMs, () => this.whenRunning(ring))
      else fire()
    }
    const firstMs = delayMs > 0 ? Math.max(delayMs, timerMsMin) : 0
    this.#time.after(firstMs, () => this.whenRunning(ring))
    return () => {
      cancelled = true
    }
  }

  /** Now, or when the machine goes on. */
  whenRunning(run: () => void): void {
    if (this.#isDead) return
    if (this.#stopped) this.#held.push(run)
    else run()
  }

  stop(isSuspend: boolean): void {
    this.#stopped ??= { sinceMs: this.#time.nowMs, isSuspend }
  }

  goOn(): void {
    const stopped = this.#stopped
    if (!stopped) return
    this.#stopped = undefined
    if (stopped.isSuspend) this.#suspendedMs += this.#time.nowMs - stopped.sinceMs
    const held = this.#held
    this.#held = []
    for (const run of held) run()
  }

  /** Nothing happens on this machine any more. */
  kill(): void {
    this.#isDead = true
    this.#held = []
  }
}
