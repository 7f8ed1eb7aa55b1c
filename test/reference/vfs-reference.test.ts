// The same random calls, by root and two users, on a directory of the host and on a vfs: results, error
// numbers, the tree, and which times moved have to be equal after each call.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import type { Store } from '../../src/store/store.js'
import { openTestVfs } from '../vfs/test-vfs.js'
import { createUnreliableStore } from '../vfs/unreliable-store.js'
import { openHostSubject } from './host-subject.js'
import { callers, leafOf, linkName, type Operation, operation, prelude } from './operation.js'
import { describe, moved, type Subject, type Tree } from './subject.js'
import { openVfsSubject } from './vfs-subject.js'

const seed = Number(process.env.CASSFS_TEST_SEED ?? Date.now() % 2 ** 31)
const runs = Number(process.env.CASSFS_TEST_RUNS ?? 40)
const skip = process.getuid?.() === 0 ? false : 'needs root: it becomes other users'

/** S_ISVTX, S_IFMT, S_IFLNK */
const [sticky, typeMask, symlink] = [0o1000, 0o170000, 0o120000]

/** Policies of the host's kernel above its file systems (fs.protected_*), and links to be followed. */
function isOutOfScope(one: Operation, tree: Tree): boolean {
  if ('slot' in one && one.op !== 'open') return false
  const path = 'path' in one ? one.path : ''
  const entry = tree.get(path)
  const follows = ['open', 'truncate', 'chmod', 'access', 'readdir'].includes(one.op)
  if (follows && (leafOf(path) === linkName || (entry && (entry.mode & typeMask) === symlink)))
    return true
  if (one.op === 'link') return one.who !== 0 && entry?.uid !== callers[one.who]?.uid
  const parent = tree.get(path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '')
  if (one.op === 'open' && parent && (parent.mode & sticky) !== 0) return entry !== undefined
  return one.op === 'open' && entry !== undefined && (entry.mode & typeMask) !== 0o100000
}

async function compare(host: Subject, vfs: Subject, operations: readonly Operation[]) {
  let before = { host: await host.tree(), vfs: await vfs.tree() }
  assert.deepEqual(describe(before.vfs), describe(before.host))
  for (const one of [...prelude, ...operations]) {
    if (isOutOfScope(one, before.host)) continue
    const expected = await host.run(one)
    const actual = await vfs.run(one)
    const what = JSON.stringify(one)
    assert.deepEqual(actual, expected, what)
    const after = { host: await host.tree(), vfs: await vfs.tree() }
    assert.deepEqual(describe(after.vfs), describe(after.host), what)
    for (const time of ['mtime', 'ctime'] as const)
      assert.deepEqual(
        moved(before.vfs, after.vfs, time),
        moved(before.host, after.host, time),
        `${time} after ${what}`,
      )
    before = after
  }
}

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
