// A process of its own that has an embedded store open and does what it is told: another client of the
// same directory. Started by remote-store.ts; argument: the directory.

import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.js'

export interface Call {
  readonly id: number
  /** A method of the store, or `turnClock`. */
  readonly method: string
  readonly args: readonly unknown[]
}

export interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: { name: string; message: string }
}

let turnedMs = 0
const directory = process.argv[2]
if (!directory || !process.send) throw new Error('started by hand')
const store = await openLmdbStore({ directory, nowMs: () => Date.now() + turnedMs })
const methods = store as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>

async function answer({ method, args }: Call): Promise<unknown> {
  if (method !== 'turnClock') return methods[method]?.apply(store, [...args])
  turnedMs += args[0] as number
}

process.on('message', (call: Call) => {
  answer(call).then(
    (value) => process.send?.({ id: call.id, value }),
    ({ name, message }: Error) => process.send?.({ id: call.id, error: { name, message } }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send({ id: 0 })
