// Runs the same calls on two sides and stops at the first difference: in an answer, an error number, the
// tree, or in which times moved.

import assert from 'node:assert/strict'
import type { KernelOperation } from './kernel-operation.js'
import { callers, leafOf, linkName, type Operation, prelude } from './operation.js'
import { describe, moved, type Subject, sameInodes, type Tree } from './subject.js'

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

/** A directory of the host and something that is not behind the same kernel: without its policies. */
export function compare(host: Subject, vfs: Subject, operations: readonly Operation[]) {
  return compareEach(host, vfs, operations, isOutOfScope)
}

/** Two directories, both through the kernel. */
export function compareMounts(
  host: Subject<KernelOperation>,
  mounted: Subject<KernelOperation>,
  operations: readonly KernelOperation[],
) {
  return compareEach(host, mounted, operations, () => false)
}

async function compareEach<Called>(
  host: Subject<Called | Operation>,
  vfs: Subject<Called | Operation>,
  operations: readonly Called[],
  isLeftOut: (one: Called | Operation, tree: Tree) => boolean,
): Promise<void> {
  let before = { host: await host.tree(), vfs: await vfs.tree() }
  assert.deepEqual(describe(before.vfs), describe(before.host))
  for (const one of [...prelude, ...operations]) {
    if (isLeftOut(one, before.host)) continue
    const expected = await host.run(one)
    const actual = await vfs.run(one)
    const what = JSON.stringify(one)
    assert.deepEqual(actual, expected, what)
    const after = { host: await host.tree(), vfs: await vfs.tree() }
    assert.deepEqual(describe(after.vfs), describe(after.host), what)
    // The host gives a number to another inode when the first is gone.
    const same = sameInodes(before.vfs, after.vfs)
    for (const time of ['mtime', 'ctime'] as const)
      assert.deepEqual(
        moved(same, before.vfs, after.vfs, time),
        moved(same, before.host, after.host, time),
        `${time} after ${what}`,
      )
    before = after
  }
}
