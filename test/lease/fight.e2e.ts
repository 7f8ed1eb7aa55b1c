/**
 * Two mounts that unpack an archive at once into one environment: both get on, what each makes is right on both,
 * and the lease that goes back and forth costs no more than doing without it would (told, not asserted: times).
 */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fetchTreeArchive } from '../../bench/tree-archive.js'
import { run, shell, waitFor } from '../support/process.js'
import { targetMissing } from '../support/target.js'
import { openLeaseMounts } from './lease-mounts.js'

const skip = (await targetMissing('cassfs')) ?? false
const timeoutMs = 200_000
/** Of the archive: some 700 files. */
const part = 'wp-admin'

describe('two mounts that unpack at once', { skip }, () => {
  const times = new Map<string, number>()

  async function unpackTwice(flags: readonly string[]): Promise<number> {
    const archive = await fetchTreeArchive()
    const mounts = openLeaseMounts(flags)
    try {
      const both = [await mounts.mount('one'), await mounts.mount('two')]
      const local = join(mounts.sandbox.folder, 'local')
      mkdirSync(local)
      const unpack = (dir: string) =>
        run('tar', ['-C', dir, '-xf', archive, '--wildcards', `*/${part}/*`], { timeoutMs })
      await unpack(local)
      const startedMs = performance.now()
      await Promise.all(
        both.map(({ dir }, at) => {
          mkdirSync(join(dir, `tree${at}`))
          return unpack(join(dir, `tree${at}`))
        }),
      )
      const tookMs = performance.now() - startedMs
      for (const one of both)
        await one.until('drained', ({ writeLease }) => writeLease.uncommittedChanges === 0)
      for (const [at, { dir }] of both.entries()) {
        const other = join(dir, `tree${1 - at}`)
        const env = { ...process.env, LOCAL: local, OTHER: other, OWN: join(dir, `tree${at}`) }
        await shell('diff -r "$LOCAL" "$OWN"', { env, timeoutMs })
        const isSame = () => shell('diff -r "$LOCAL" "$OTHER"', { env, timeoutMs })
        const follows = () =>
          isSame().then(
            () => true,
            () => false,
          )
        await waitFor(`${dir} to show what the other made`, follows, 30_000)
      }
      for (const one of both) {
        const { writeLease, counts } = await one.status()
        assert.equal(writeLease.lostChanges, 0)
        const { releases = 0, takes } = counts?.early ?? {}
        assert.equal(takes, 0, 'a living holder was passed over')
        times.set('releases', (times.get('releases') ?? 0) + releases)
        await one.unmount()
      }
      assert.deepEqual(await mounts.rescued(), [])
      return tookMs
    } finally {
      await mounts.close()
    }
  }

  test('both finish, and nothing is lost', { timeout: 2 * timeoutMs }, async (t) => {
    const withLease = await unpackTwice([])
    const without = await unpackTwice(['-write_lease=off'])
    const [fought, plain] = [withLease, without].map((ms) => `${(ms / 1000).toFixed(1)} s`)
    t.diagnostic(`with the lease ${fought} (${times.get('releases')} releases), without ${plain}`)
  })
})
