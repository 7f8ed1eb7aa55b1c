/** A mount that is short of descriptors, or of memory: it says so to whoever asks for too much, and goes on. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { rssAnon, run, waitFor } from '../support/process.js'
import { targetMissing } from '../support/target.js'
import { type LeaseMount, type LeaseMounts, openLeaseMounts } from './lease-mounts.js'
import { SmallFiles } from './small-files.js'

const skip =
  (await targetMissing('cassfs')) ??
  (process.getuid?.() === 0 ? false : 'only root may limit the mount; run as root')
const program = fileURLToPath(new URL('./many-open.js', import.meta.url))
const MiB = 2 ** 20
/** Large enough to be packed in a thread, which needs descriptors. */
const largeBytes = 3 * MiB
const openFiles = Number(process.env.CASSFS_TEST_FILES ?? 10_000)
const openBytes = 64 * 1024
const cacheBytes = 16 * MiB
/** The cache, 64 MiB of spool, what is on its way to the store, the records of 10,000 open files; all bytes are 625 MiB. */
const growthMax = 420 * MiB

describe('a mount that is short of something', { skip }, () => {
  let mounts: LeaseMounts

  beforeEach(() => {
    mounts = openLeaseMounts()
  })
  afterEach(() => mounts.close())

  const limit = (one: LeaseMount, descriptors: number) =>
    run('prlimit', ['--pid', String(one.pid), `--nofile=${descriptors}:`])

  /** Not one more than it has. */
  function allOpen({ pid }: LeaseMount): number {
    const open = new Set(readdirSync(`/proc/${pid}/fd`))
    let lowest = 0
    while (open.has(String(lowest))) lowest++
    return lowest
  }

  test('of descriptors: EMFILE to whoever needs one, all else goes on, each is said once', async () => {
    const files = new SmallFiles(1)
    const one = await mounts.mount('mnt')
    await limit(one, allOpen(one))
    for (let round = 0; round < 3; round++) {
      assert.equal((await files.write(one.dir, largeBytes)).error, 'EMFILE')
      for (let at = 0; at < 30; at++)
        assert.equal((await files.write(one.dir, 1 + ((at * 997) % 20_000))).error, undefined)
      const [first] = files.answered
      assert.ok(first && (await files.remove(one.dir, first)) === undefined)
    }
    assert.deepEqual(await files.missing(one.dir), [])
    for (const what of [/no journal can be kept/g, /thread of notifications ended/g])
      assert.ok((one.log().match(what)?.length ?? 0) <= 1, `${what} is said again and again`)
    await limit(one, 10_000)
    assert.equal((await files.write(one.dir, largeBytes)).error, undefined)
    await one.until('drained', ({ writeLease }) => writeLease.uncommittedChanges === 0)
    await one.kill()
    assert.deepEqual(await files.missing((await mounts.mount('mnt')).dir), [])
  })

  test(`of memory: ${openFiles} files that are open with unsaved bytes are bounded`, async (t) => {
    const one = await mounts.mount('mnt', [`-cache_size=${cacheBytes}`])
    const before = rssAnon(one.pid)
    const words = [`--nofile=${openFiles + 100}`, process.execPath, program]
    const flags = [...words, one.dir, String(openFiles), String(openBytes)]
    const keeper = spawn('prlimit', flags, { stdio: ['pipe', 'pipe', 'inherit'] })
    t.after(() => keeper.kill('SIGKILL'))
    let said = ''
    keeper.stdout.on('data', (text: Buffer) => {
      said += text
    })
    let most = 0
    const sample = async () => {
      most = Math.max(most, rssAnon(one.pid))
      await sleep(100)
      return said.includes('open\n')
    }
    await waitFor('all files to be open', sample, 300_000)
    for (let at = 0; at < 50; at++) await sample()
    const grown = most - before
    t.diagnostic(`RssAnon ${Math.round(before / MiB)} MiB, at most ${Math.round(grown / MiB)} more`)
    assert.ok(grown < growthMax, `${Math.round(grown / MiB)} MiB more`)
    keeper.stdin.end()
    await waitFor('all to be closed', () => said.includes('closed\n'), 300_000)
    for (let at = 0; at < openFiles; at += 997)
      assert.equal(statSync(`${one.dir}/f${at}`).size, openBytes)
  })
})
