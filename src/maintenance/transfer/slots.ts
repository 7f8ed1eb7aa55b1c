// So many things at once, and no more.

export class Slots {
  readonly #free: number
  readonly #running = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  constructor(free: number) {
    this.#free = free
  }

  /** Waits for a slot and begins `work` there. Throws what earlier work failed with. */
  async begin(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#free && !this.#failure) await Promise.race(this.#running)
    this.#check()
    const running: Promise<void> = work()
      .catch((error) => {
        this.#failure ??= { error }
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Nothing is under way any more. Throws what failed. */
  async drain(): Promise<void> {
    await this.ended()
    this.#check()
  }

  /** As drain, whatever failed. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running)
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error
  }
}
