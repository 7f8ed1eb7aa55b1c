// The same random calls, by root and two users, on a directory of the host and on a vfs: results, error
// numbers, the tree, and which times moved have to be equal after each call.

import { test } from 'node:test'
import fc from 'fast-check'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import type { Store } from '../../src/store/store.js'
import { openTestVfs } from '../vfs/test-vfs.js'
import { createUnreliableStore } from '../vfs/unreliable-store.js'
import { compare } from './compare.js'
import { openHostSubject } from './host-subject.js'
import { type Operation, operation } from './operation.js'
import { openVfsSubject } from './vfs-subject.js'

const seed = Number(process.env.CASSFS_TEST_SEED ?? Date.now() % 2 ** 31)
const runs = Number(process.env.CASSFS_TEST_RUNS ?? 40)
const skip = process.getuid?.() === 0 ? false : 'needs root: it becomes other users'

/** One run: a fresh volume beside a fresh directory. */
async function runBoth(store: Store, operations: readonly Operation[]): Promise<void> {
  const opened = await openTestVfs({ store })
  const vfs = await openVfsSubject(opened.vfs, () => opened.close())
  const host = openHostSubject()
  try {
    await compare(host, vfs, operations)
  } finally {
    await host.close()
    await vfs.close()
  }
}

test(`the same calls have the same effect as on the host (seed ${seed})`, { skip }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 60 }), async (operations) => {
      await runBoth(createMemoryStore(), operations)
    }),
    { seed, numRuns: runs, includeErrorInReport: true },
  )
})

test(`so they have over a line that delays and loses answers (seed ${seed})`, {
  skip,
}, async () => {
  const calls = fc.array(operation, { minLength: 5, maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(calls, fc.nat(), fc.boolean(), async (operations, lineSeed, remote) => {
      const line = { seed: lineSeed, delayMsMax: 4, unknownCommits: 0.1, remote }
      await runBoth(createUnreliableStore(createMemoryStore(), line), operations)
    }),
    { seed, numRuns: Math.ceil(runs / 6), includeErrorInReport: true },
  )
})
