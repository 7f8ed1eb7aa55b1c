// A store in another process, as a Store.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Store, StoreUnavailable } from '../../src/store/store.js'
import type { Answer, Call } from './lmdb-process.js'

export interface RemoteStore {
  readonly store: Store
  turnClock(ms: number): Promise<void>
  close(): Promise<void>
}

/** Starts a process that opens the embedded store in `directory`. */
export async function startRemoteStore(directory: string): Promise<RemoteStore> {
  const path = fileURLToPath(new URL('./lmdb-process.js', import.meta.url))
  const child = fork(path, [directory], { serialization: 'advanced' })
  await once(child, 'message')
  const call = createCaller(child)
  const methods = new Proxy({} as Store, {
    get(_, name) {
      if (name === 'engine') return 'lmdb'
      if (name === 'tables' || name === 'getBlockSync') return undefined
      return (...args: unknown[]) => call(String(name), args)
    },
  })
  return {
    store: methods,
    turnClock: async (ms) => {
      await call('turnClock', [ms])
    },
    async close() {
      await call('close', [])
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

function createCaller(child: ChildProcess): (method: string, args: unknown[]) => Promise<unknown> {
  type Waiting = { resolve: (value: unknown) => void; reject: (error: Error) => void }
  const waiting = new Map<number, Waiting>()
  let last = 0
  child.on('message', ({ id, value, error }: Answer) => {
    const asked = waiting.get(id)
    waiting.delete(id)
    if (!error) asked?.resolve(value)
    else if (error.name === 'StoreUnavailable') asked?.reject(new StoreUnavailable(error.message))
    else asked?.reject(Object.assign(new Error(error.message), { name: error.name }))
  })
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the other process ended'))
  })
  return (method, args) => {
    const id = ++last
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      child.send({ id, method, args } satisfies Call)
    })
  }
}
