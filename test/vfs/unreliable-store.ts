// A store over a bad line: every call takes 0 to 20 ms, some commits are lost on the way or their
// answers are, and the whole line can be cut.

import {
  type Commit,
  type CommitOutcome,
  type Store,
  StoreUnavailable,
} from '../../src/store/store.js'
import { SeededRandom } from '../simulation/seeded-random.js'

export interface UnreliableOptions {
  readonly seed: number
  readonly delayMsMax?: number
  /** Chance that nobody learns what became of a commit; half of them were done. */
  readonly unknownCommits?: number
  /** Without the engine's tables in reach: what Cassandra looks like from above. */
  readonly remote?: boolean
}

export interface UnreliableStore extends Store {
  /** Nothing gets through while true. */
  cut: boolean
  /** Answers of commits are lost while true, though they are carried out. */
  deaf: boolean
}

const plain = new Set<string | symbol>(['engine', 'tables', 'getBlockSync', 'then', 'close'])

export function createUnreliableStore(store: Store, options: UnreliableOptions): UnreliableStore {
  const random = new SeededRandom(options.seed)
  const { delayMsMax = 20, unknownCommits = 0.05 } = options
  const state = { cut: false, deaf: false }
  const delay = () =>
    new Promise((resolve) => setTimeout(resolve, Math.floor(random.between(0, delayMsMax))))
  const call = async (run: () => Promise<unknown>): Promise<unknown> => {
    await delay()
    if (state.cut) throw new StoreUnavailable('the line is cut')
    const answer = await run()
    await delay()
    if (state.cut) throw new StoreUnavailable('the line is cut')
    return answer
  }
  const commit = async (commit: Commit): Promise<CommitOutcome> => {
    const unknown = { kind: 'unknown', cause: new StoreUnavailable('no answer') } as const
    const lost = random.chance(unknownCommits)
    if (state.cut || (lost && random.chance(0.5))) {
      await delay()
      return unknown
    }
    try {
      const outcome = (await call(() => store.commit(commit))) as CommitOutcome
      return lost || state.deaf ? unknown : outcome
    } catch {
      return unknown
    }
  }
  return new Proxy(store, {
    get(target, name) {
      if (name in state) return state[name as keyof typeof state]
      if (name === 'commit') return commit
      if (options.remote && (name === 'tables' || name === 'getBlockSync')) return undefined
      const value = Reflect.get(target, name)
      if (typeof value !== 'function' || plain.has(name))
        return typeof value === 'function' ? value.bind(target) : value
      return (...args: unknown[]) => call(() => value.apply(target, args))
    },
    set(_target, name, value) {
      if (!(name in state)) return false
      state[name as keyof typeof state] = value
      return true
    },
  }) as UnreliableStore
}
