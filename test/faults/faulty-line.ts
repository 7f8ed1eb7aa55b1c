// The line between a mount and its store, on which one chosen call goes wrong, and which can be cut for good.

import { Errno, FsError } from '../../src/posix/errno.js'
import { aroundStore, type StoreMethod } from '../../src/store/around-store.js'
import { type Store, StoreUnavailable } from '../../src/store/store.js'

/** What becomes of the call. `cut`: nothing gets through behind it. */
export const faults = {
  'is not done': { isDone: false, isCut: false },
  'is done, its answer lost': { isDone: true, isCut: false },
  'finds the disk full': { isDone: false, isCut: false },
  'is not done, then a cut': { isDone: false, isCut: true },
  'is done, then a cut': { isDone: true, isCut: true },
  'arrives when the next mount is open': { isDone: false, isCut: true },
} as const
export type Fault = keyof typeof faults

/** Calls whose number depends on what is done alone, not on the time it takes. */
const counted = new Set<StoreMethod>(['commit', 'putBlocks', 'getBlocks', 'compareAndSetOwner'])
/** Answered by an outcome; others reject. */
const decided = new Set<StoreMethod>(['commit', 'compareAndSetOwner', 'compareAndSetEnvironment'])
const writing = new Set<StoreMethod>(['commit', 'putBlocks'])

/** Whether that can happen to a call of this method. */
export function canMeet(method: StoreMethod, fault: Fault): boolean {
  if (fault === 'finds the disk full') return writing.has(method)
  if (fault === 'arrives when the next mount is open') return method !== 'getBlocks'
  return method !== 'getBlocks' || !faults[fault].isDone
}

export class FaultyLine {
  readonly store: Store
  /** Calls since `begin`. */
  readonly calls: StoreMethod[] = []
  /** Resolves when the line is cut by its fault. */
  readonly cut: Promise<void>
  #isCounting = false
  #isCut = false
  #plan: { readonly at: number; readonly fault: Fault } | undefined
  #tellCut: () => void = () => {}
  #late: (() => Promise<unknown>) | undefined

  constructor(inner: Store) {
    this.cut = new Promise((resolve) => {
      this.#tellCut = resolve
    })
    this.store = aroundStore(inner, (method, run) => this.#call(method, run))
  }

  /** Counts from now on; the call with this number goes wrong. */
  begin(plan: { readonly at: number; readonly fault: Fault } | undefined): void {
    this.#isCounting = true
    this.#plan = plan
  }

  /** From here on nothing gets through. */
  end(): void {
    this.#isCut = true
  }

  /** The call that is still on its way comes to its end. */
  async arrive(): Promise<void> {
    await this.#late?.().catch((error) => {
      if (!(error instanceof FsError)) throw error
    })
  }

  async #call(method: StoreMethod, run: () => Promise<unknown>): Promise<unknown> {
    if (this.#isCut) return lost(method)
    if (!this.#isCounting || !counted.has(method)) return run()
    const at = this.calls.push(method) - 1
    if (!this.#plan || this.#plan.at !== at) return run()
    const { fault } = this.#plan
    const { isDone, isCut } = faults[fault]
    if (fault === 'arrives when the next mount is open') this.#late = () => run()
    if (isDone) await run()
    if (isCut) {
      this.#isCut = true
      this.#tellCut()
    }
    if (fault === 'finds the disk full') throw new FsError(Errno.ENOSPC, 'the disk is full')
    return lost(method)
  }
}

function lost(method: StoreMethod): unknown {
  const cause = new StoreUnavailable(`${method}: no answer`)
  if (decided.has(method)) return { kind: 'unknown', cause }
  throw cause
}
