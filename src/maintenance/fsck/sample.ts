// Some of many, each as likely as another, without knowing how many there will be.

export class Sample<T> {
  readonly #size: number
  readonly #picked: T[] = []
  #offered = 0

  constructor(size: number) {
    this.#size = size
  }

  get picked(): readonly T[] {
    return this.#picked
  }

  offer(one: T): void {
    this.#offered++
    if (this.#picked.length < this.#size) {
      this.#picked.push(one)
      return
    }
    const at = Math.floor(Math.random() * this.#offered)
    if (at < this.#size) this.#picked[at] = one
  }
}
