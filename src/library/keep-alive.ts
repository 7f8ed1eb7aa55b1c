// Keeps the process alive while something is awaited: the timers of the layers below do not.

const farMs = 2 ** 30

export class KeepAlive {
  readonly #timer: NodeJS.Timeout
  #count = 0

  constructor() {
    this.#timer = setInterval(() => undefined, farMs)
    this.#timer.unref()
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#count++ === 0) this.#timer.ref()
    try {
      return await work()
    } finally {
      if (--this.#count === 0) this.#timer.unref()
    }
  }

  /** Nothing is awaited any more. */
  end(): void {
    clearInterval(this.#timer)
  }
}
