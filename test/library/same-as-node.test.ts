// The same random calls, by root and two users, through node:fs/promises on a directory of the host and through
// the library: answers, errors with all their facts, and the tree have to be equal after each call.

import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { callsOf } from '../../src/library/calls.js'
import { KeepAlive } from '../../src/library/keep-alive.js'
import { Session } from '../../src/library/session.js'
import { openStore, type StoreConfig } from '../../src/store/open-store.js'
import type { Caller } from '../../src/vfs/vfs.js'
import { callers } from '../reference/operation.js'
import { openTestVfs } from '../vfs/test-vfs.js'
import { anyCall, type Call, type PathArgument, prelude } from './call.js'
import { Side, type SideOptions } from './side.js'

const seed = Number(process.env.CASSFS_TEST_SEED ?? Date.now() % 2 ** 31)
const runs = Number(process.env.CASSFS_TEST_RUNS ?? 16)
const skip = process.getuid?.() === 0 ? false : 'needs root: it becomes other users'

/** Policies of the host's kernel above its file systems, and what Node does in an order of its own. */
function isOutOfScope({ who, call, args }: Call): boolean {
  // access(2) asks for the real user, who stays root; fs.protected_hardlinks; fchmod(2) of somebody else's file.
  if (who !== 0 && ['access', 'link', 'copyFile'].includes(call)) return true
  const [first, options] = args as (PathArgument | undefined)[]
  // Node takes only text there.
  if (call === 'readdir' && first?.asBytes && options && 'recursive' in options) return true
  return call === 'rm' && /(^|\/)\.{1,2}\/?$|\/$/.test(first?.path ?? '')
}

/** There libuv empties and removes the target before it fails. */
async function copiesDirectory(host: Side, { call, args: [from] }: Call): Promise<boolean> {
  if (call !== 'copyFile' || from === undefined) return false
  const stat = await host.run({ who: 0, call: 'stat', args: [from] })
  return 'value' in stat && (stat.value as { type: string }).type === 'isDirectory'
}

async function withSide(options: SideOptions, work: (side: Side) => Promise<void>): Promise<void> {
  const side = new Side(options)
  try {
    await work(side)
  } finally {
    await side.close()
  }
}

async function onHost(work: (side: Side) => Promise<void>): Promise<void> {
  const base = await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'cassfs-library-')))
  const root = join(base, 'root')
  const umask = process.umask(0o022)
  try {
    await fs.chmod(base, 0o755)
    await fs.mkdir(root)
    await fs.chmod(root, 0o777)
    await withSide({ callsOf: () => fs as never, as: asUser, root }, work)
  } finally {
    process.umask(umask)
    await fs.rm(base, { recursive: true, force: true })
  }
}

async function asUser<T>(who: number, work: () => Promise<T>): Promise<T> {
  const { uid, gid, groups } = callers[who] as Caller
  if (uid === 0) return work()
  process.setgroups?.([...(groups ?? [])])
  process.setegid?.(gid)
  process.seteuid?.(uid)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(0)
    process.setgroups?.([])
  }
}

async function onVolume(config: StoreConfig, work: (side: Side) => Promise<void>): Promise<void> {
  const store = await openStore(config)
  const opened = await openTestVfs({ store })
  try {
    const sides = callers.map((caller) => callsOf(new Session(opened.vfs, caller, new KeepAlive())))
    await sides[0]?.chmod('/', 0o777)
    const as: SideOptions['as'] = (_, call) => call()
    await withSide({ callsOf: (who) => sides[who] as never, as, root: '' }, work)
  } finally {
    await opened.close()
    await store.close()
  }
}

async function compare(config: StoreConfig, calls: readonly Call[]): Promise<void> {
  await onHost((host) =>
    onVolume(config, async (volume) => {
      for (const call of [...prelude, ...calls]) {
        if (isOutOfScope(call) || (await copiesDirectory(host, call))) continue
        const expected = await host.run(call)
        const actual = await volume.run(call)
        assert.deepEqual(actual, expected, JSON.stringify(call))
        assert.deepEqual(await volume.tree(), await host.tree(), JSON.stringify(call))
      }
    }),
  )
}

async function compareRandomly(numRuns: number, config: () => Promise<StoreConfig>) {
  const calls = fc.array(anyCall, { minLength: 5, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(calls, async (some) => {
      await compare(await config(), some)
    }),
    { seed, numRuns, includeErrorInReport: true },
  )
}

test(`the library answers as node:fs/promises does (seed ${seed})`, { skip }, async () => {
  await compareRandomly(runs, async () => ({ engine: 'memory' }))
})

test(`so it does on the embedded store (seed ${seed})`, { skip }, async (t) => {
  const folder = await fs.mkdtemp(join(tmpdir(), 'cassfs-library-'))
  t.after(() => fs.rm(folder, { recursive: true, force: true }))
  let count = 0
  await compareRandomly(Math.ceil(runs / 8), async () => ({
    engine: 'lmdb',
    directory: join(folder, String(count++)),
  }))
})
