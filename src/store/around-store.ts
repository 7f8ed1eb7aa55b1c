// What the decorators share: a store each of whose asynchronous methods goes through one function.

import type { Store } from './store.js'

const methods = [
  'readHead',
  'scan',
  'scanDirectory',
  'readLog',
  'commit',
  'firstLoad',
  'putBlocks',
  'getBlocks',
  'blockLengths',
  'listBlocks',
  'deleteBlocks',
  'readOwner',
  'compareAndSetOwner',
  'readEnvironment',
  'listEnvironments',
  'compareAndSetEnvironment',
  'acquireLease',
  'releaseLease',
  'listLeases',
  'space',
  'clockMs',
] as const

/** Every asynchronous method but `close` and `hints`. */
export type StoreMethod = (typeof methods)[number]

/**
 * Runs a method of the inner store, with the arguments it was called with unless others are given,
 * and answers what the outer one is to answer.
 */
export type Around = (
  method: StoreMethod,
  run: (args?: readonly unknown[]) => Promise<unknown>,
  args: readonly unknown[],
) => Promise<unknown>

/** What is synchronous, `hints` and `close` go straight through. */
export function aroundStore(store: Store, around: Around): Store {
  const getBlockSync = store.getBlockSync?.bind(store)
  const hints = store.hints?.bind(store)
  const snapshot = store.snapshot?.bind(store)
  const keptForAnswered = store.keptForAnswered?.bind(store)
  const wrapped: Record<string, unknown> = {
    engine: store.engine,
    tables: store.tables,
    close: () => store.close(),
    ...(getBlockSync && { getBlockSync }),
    ...(hints && { hints }),
    ...(snapshot && { snapshot }),
    ...(keptForAnswered && { keptForAnswered }),
  }
  for (const method of methods) {
    const inner = store[method] as (...args: readonly unknown[]) => Promise<unknown>
    wrapped[method] = (...args: readonly unknown[]) =>
      around(method, (others = args) => inner.apply(store, [...others]), args)
  }
  return wrapped as unknown as Store
}
