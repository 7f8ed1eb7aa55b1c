// How much memory blocks on their way to the store may take, all saves together. A block may always be
// added, so one that is larger than what is left never waits for itself; whoever has more to add waits.

export interface UploadRoom {
  readonly full: boolean
  claim(bytes: number): void
  release(bytes: number): void
  /** Resolves at the next release. */
  changed(): Promise<void>
}

export function createUploadRoom(bytesMax: number): UploadRoom {
  let bytes = 0
  let waiting: (() => void)[] = []
  return {
    get full() {
      return bytes >= bytesMax
    },
    claim(more) {
      bytes += more
    },
    release(less) {
      bytes -= less
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    },
    changed: () => new Promise((resolve) => waiting.push(resolve)),
  }
}
