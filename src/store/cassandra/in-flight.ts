// At most so many requests, and so many bytes, under way at once; the others wait in line.

export interface InFlightLimits {
  readonly count: number
  readonly bytes: number
}

export class InFlight {
  readonly #limits: InFlightLimits
  readonly #waiting: { bytes: number; start: () => void }[] = []
  #count = 0
  #bytes = 0

  constructor(limits: InFlightLimits) {
    this.#limits = limits
  }

  /** Runs `task` when there is room for its `bytes`; alone if they exceed the limit. */
  async run<T>(bytes: number, task: () => Promise<T>): Promise<T> {
    await this.#enter(bytes)
    try {
      return await task()
    } finally {
      this.#leave(bytes)
    }
  }

  /**
   * Runs `task` for each item and answers in their order. Starts nothing more after a failure, and
   * throws the first one only when whatever was under way has ended.
   */
  async map<T, R>(
    items: readonly T[],
    bytesOf: (item: T) => number,
    task: (item: T) => Promise<R>,
  ): Promise<R[]> {
    let failed = false
    let failure: unknown
    const results = await Promise.all(
      items.map((item) =>
        this.run(bytesOf(item), async () => {
          if (failed) return undefined
          try {
            return await task(item)
          } catch (error) {
            if (!failed) failure = error
            failed = true
            return undefined
          }
        }),
      ),
    )
    if (failed) throw failure
    return results as R[]
  }

  #enter(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#take(bytes)
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push({ bytes, start: resolve }))
  }

  #leave(bytes: number): void {
    this.#count--
    this.#bytes -= bytes
    for (
      let next = this.#waiting[0];
      next !== undefined && this.#fits(next.bytes);
      next = this.#waiting[0]
    ) {
      this.#waiting.shift()
      this.#take(next.bytes)
      next.start()
    }
  }

  #take(bytes: number): void {
    this.#count++
    this.#bytes += bytes
  }

  #fits(bytes: number): boolean {
    if (this.#count === 0) return true
    return this.#count < this.#limits.count && this.#bytes + bytes <= this.#limits.bytes
  }
}
