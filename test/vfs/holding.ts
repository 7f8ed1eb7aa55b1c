// A mount that holds the write lease, for tests of what it answers early.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { O_CREAT, O_RDWR } from '../../src/posix/open-flags.js'
import type { ReplicaOptions } from '../../src/replica/replica-options.js'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import type { Store } from '../../src/store/store.js'
import type { Intent } from '../../src/vfs/intents/intent.js'
import type { Vfs } from '../../src/vfs/vfs.js'
import type { VfsOptions } from '../../src/vfs/vfs-options.js'
import { rootIno } from '../../src/volume/inode.js'
import { SimJournals } from '../simulation/sim-journals.js'
import { openTestVfs, root, type TestVfs } from './test-vfs.js'

export interface Counts {
  puts: number
  commits: number
  /** What putBlocks is answered with. */
  failPut: () => Error | undefined
  readonly store: Store
}

export function counted(): Counts {
  const store = createMemoryStore()
  const counts: Counts = { puts: 0, commits: 0, failPut: () => undefined, store }
  const { putBlocks, commit } = store
  store.putBlocks = async (owner, blocks) => {
    counts.puts++
    const failure = counts.failPut()
    if (failure) throw failure
    return putBlocks.call(store, owner, blocks)
  }
  store.commit = (change) => {
    counts.commits++
    return commit.call(store, change)
  }
  return counts
}

interface Holding {
  readonly store: Store
  readonly vfs?: Partial<VfsOptions>
  readonly freeBytes?: () => number | undefined
  readonly replica?: Partial<ReplicaOptions<Intent>>
}

/** Runs `body` on a mount that holds the write lease. */
export async function holding(
  { store, vfs, freeBytes, replica }: Holding,
  body: (vfs: Vfs, opened: TestVfs) => Promise<void>,
): Promise<void> {
  const journals = new SimJournals(randomUUID).open(
    () => true,
    () => undefined,
  )
  const opened = await openTestVfs({
    store,
    ...(vfs ? { vfs } : {}),
    replica: { journals, writeLease: true, ...(freeBytes ? { freeBytes } : {}), ...replica },
  })
  try {
    const isHolder = () => opened.replica.status().early.lease === 'held'
    for (let i = 0; i < 200 && !isHolder(); i++)
      await opened.vfs.mkdir(root, rootIno, `d${i}`, 0o755)
    assert.ok(isHolder(), 'who commits one change after the other gets the lease')
    await opened.replica.settled()
    await body(opened.vfs, opened)
  } finally {
    await opened.close()
  }
}

export function atOnce<T>(answer: T | Promise<T>, what: string): T {
  if (answer instanceof Promise) throw new Error(`${what} is answered through a promise`)
  return answer
}

export function writeAtOnce(vfs: Vfs, name: string, text: string | Buffer): number {
  const { handle, inode } = atOnce(
    vfs.create(root, rootIno, name, 0o644, O_CREAT | O_RDWR),
    'create',
  )
  atOnce(vfs.write(root, handle, 0, typeof text === 'string' ? Buffer.from(text) : text), 'write')
  atOnce(vfs.flush(root, handle), 'close')
  vfs.release(root, handle)
  return inode.ino
}

export async function read(vfs: Vfs, ino: number): Promise<string> {
  const handle = await vfs.open(root, ino, 0)
  const bytes = Buffer.concat(await vfs.read(root, handle, 0, 1_000_000))
  vfs.release(root, handle)
  return bytes.toString()
}
