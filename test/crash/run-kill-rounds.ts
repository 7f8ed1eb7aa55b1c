/** One test: so many kills of the target that the environment names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTarget, type TargetName, targetMissing } from '../support/target.js'
import { type KillRoundsOptions, killRounds } from './kill-rounds.js'

const ROUND_TIMEOUT_MS = 15_000

export function testKillRounds(
  name: TargetName,
  rounds: number,
  flags: string[] = [],
  options: KillRoundsOptions = {},
): void {
  const seed = Number(process.env.CASSFS_TEST_SEED ?? Date.now() % 1_000_000_000)
  const how = [name, ...flags].join(' ')
  const next = options.otherFirst ? ', then another mount comes first' : ''
  test(`${rounds} kills of a mount on ${how}${next}: nothing acknowledged is lost (seed ${seed})`, {
    timeout: 60_000 + rounds * ROUND_TIMEOUT_MS,
  }, async (t) => {
    const missing = name === 'dir' ? 'a folder cannot be killed' : await targetMissing(name)
    if (missing) return t.skip(missing)
    const target = await openTarget(name, flags)
    try {
      const { acknowledged, hits } = await killRounds(target, rounds, seed, options)
      t.diagnostic(`${acknowledged} operations acknowledged, ${hits} kills in the middle of one`)
      assert.ok(acknowledged > rounds, 'the writers did next to nothing')
    } finally {
      await target.close()
    }
  })
}
