// A store that fails as stores over a network do: a request is lost, an answer is lost, a request
// arrives late, everything takes its time, a listing breaks off, a client is cut off. For tests and
// simulations. Repeatable: the same seed, the same calls and the same timer give the same faults.
//
// The records that an embedded engine shows synchronously are hidden: they could not fail.

import { aroundStore, type StoreMethod } from './around-store.js'
import { type Store, StoreUnavailable } from './store.js'

/** Probabilities, 0 to 1. Change them, and `isCut`, at any time. */
export interface Faults {
  /** The request is lost: nothing is done. */
  failBefore: number
  /** It is done, the answer is lost. */
  failAfter: number
  /** The answer is lost, and the request arrives only later, by up to `lateMsMax`. Commits only. */
  late: number
  /** A listing breaks off behind its first page; a first load breaks off half-way. */
  torn: number
  /** No request gets through, no answer comes back. */
  isCut: boolean
  /** Each request, and each answer, takes up to half of this. */
  delayMsMax: number
  lateMsMax: number
}

export const noFaults: Readonly<Faults> = {
  failBefore: 0,
  failAfter: 0,
  late: 0,
  torn: 0,
  isCut: false,
  delayMsMax: 0,
  lateMsMax: 0,
}

export interface FaultOptions {
  /** From 0 up to 1, as Math.random; see seededRandom. */
  readonly random: () => number
  /** Resolves after `ms` of whatever time the test runs in. */
  readonly sleep: (ms: number) => Promise<unknown>
  /** Keep the synchronous view of an embedded engine; it sees through every fault. */
  readonly keepTables?: boolean
}

const outcomeMethods = new Set<StoreMethod>([
  'commit',
  'compareAndSetOwner',
  'compareAndSetEnvironment',
])
/** Listings, by the index of the argument that tells where to go on. */
const cursorAt = new Map<StoreMethod, number>([
  ['scan', 1],
  ['scanDirectory', 2],
  ['readLog', 1],
  ['listBlocks', 1],
])

export function withFaults(store: Store, faults: Faults, options: FaultOptions): Store {
  const { random, sleep } = options
  const happens = (probability: number) => probability > 0 && random() < probability
  const pause = async () => {
    if (faults.delayMsMax > 0) await sleep((random() * faults.delayMsMax) / 2)
  }
  const faulty = aroundStore(store, async (method, run, args) => {
    await pause()
    if (faults.isCut || happens(faults.failBefore)) return lost(method, 'request')
    if (method === 'commit' && happens(faults.late)) {
      void sleep(random() * faults.lateMsMax).then(() => run())
      return lost(method, 'answer')
    }
    if (happens(faults.torn) && isTorn(method, args)) return tear(method, run, args, random)
    const answer = await run()
    await pause()
    if (faults.isCut || happens(faults.failAfter)) return lost(method, 'answer')
    return answer
  })
  if (options.keepTables) return faulty
  const { getBlockSync: _, ...hidden } = faulty
  return { ...hidden, tables: undefined }
}

function lost(method: StoreMethod, what: 'request' | 'answer'): { kind: 'unknown'; cause: Error } {
  const cause = new StoreUnavailable(`${method}: the ${what} was lost`)
  if (outcomeMethods.has(method)) return { kind: 'unknown', cause }
  throw cause
}

function isTorn(method: StoreMethod, args: readonly unknown[]): boolean {
  if (method === 'firstLoad') return true
  const cursor = cursorAt.get(method)
  return cursor !== undefined && args[cursor] !== undefined && args[cursor] !== 0
}

async function tear(
  method: StoreMethod,
  run: (args: readonly unknown[]) => Promise<unknown>,
  args: readonly unknown[],
  random: () => number,
): Promise<unknown> {
  if (method !== 'firstLoad') return lost(method, 'answer')
  const [volume, owner, pages, head] = args
  return run([volume, owner, brokenOff(pages as AsyncIterable<unknown>, random), head])
}

/** Some of the pages, at least one, then the failure. */
async function* brokenOff(
  pages: AsyncIterable<unknown> | Iterable<unknown>,
  random: () => number,
): AsyncGenerator<unknown> {
  for await (const page of pages) {
    yield page
    if (random() < 0.5) break
  }
  throw new StoreUnavailable('firstLoad: broken off')
}

/** Random numbers from 0 up to 1 that depend on nothing but the seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
