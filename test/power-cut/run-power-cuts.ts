// Tests made of power cuts: each round records other processes at work, in turn in each setting.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programsMissing } from '../support/process.js'
import { cutPower, withRecorded } from './cuts.js'
import type { Setting } from './state-folder.js'

export const settings = {
  embedded: { isRemote: false, writeLease: true },
  /** A copy on disk is read: what a mount has of a store elsewhere. */
  remote: { isRemote: true, writeLease: true },
  /** Nothing is answered before it is committed. */
  committed: { isRemote: false, writeLease: false },
} as const satisfies Record<string, Setting>

export interface PowerCuts {
  readonly rounds: number
  readonly cutsEach: number
  readonly operations: number
  readonly seed: number
}

const roundTimeoutMs = 120_000
/** Of its processes the first and the third are killed. */
const processes = 3

export function testPowerCuts({ rounds, cutsEach, operations, seed }: PowerCuts): void {
  const skip = programsMissing(['strace'], 'apt-get install strace') ?? false
  const options = { skip, timeout: rounds * roundTimeoutMs }
  test(
    `${rounds * cutsEach} power cuts take nothing that was sure, and leave nothing half (seed ${seed})`,
    options,
    async (t) => {
      let [checked, answered] = [0, 0]
      const warnings = new Map<string, number>()
      for (let round = 0; round < rounds; round++) {
        const [name, setting] = Object.entries(settings)[round % 3] as [string, Setting]
        const session = { setting, seed: seed + round * 1000, processes, operations }
        const result = await withRecorded(session, (recorded) =>
          cutPower(recorded, { cuts: cutsEach, seed: session.seed }),
        )
        assert.deepEqual(result.failures, [], `seed ${seed}, round ${round}, ${name}`)
        checked += result.checked
        answered += result.answered
        for (const [text, count] of result.warnings)
          warnings.set(text, (warnings.get(text) ?? 0) + count)
      }
      assert.ok(answered > checked, 'the programs did next to nothing')
      t.diagnostic(
        `${checked} disks with a volume, ${answered} operations answered before the cuts`,
      )
      for (const [text, count] of warnings) t.diagnostic(`${count} times: ${text}`)
    },
  )
}
