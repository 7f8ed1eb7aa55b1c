// Hundreds of power cuts of a store in every way it is used; `CASSFS_TEST_ROUNDS=100` for ten thousand. Then
// the same with a sync left out, which has to be noticed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programsMissing } from '../support/process.js'
import { cutPower, type Session, withRecorded } from './cuts.js'
import { settings, testPowerCuts } from './run-power-cuts.js'

const seed = Number(process.env.CASSFS_TEST_SEED ?? Date.now() % 1_000_000_000)
const rounds = Number(process.env.CASSFS_TEST_ROUNDS ?? 5)
const cutsEach = 100
const cutsMax = 400
const skip = programsMissing(['strace'], 'apt-get install strace') ?? false

testPowerCuts({ rounds, cutsEach, operations: 60, seed })

const mutants: readonly (readonly [name: string, setting: keyof typeof settings, path: RegExp])[] =
  [
    ['of the data file', 'embedded', /^store\/data\.mdb/],
    ['of the folder that the data file is in', 'embedded', /^store$/],
    ['of the folder that the store is in', 'embedded', /^$/],
    ['of the journal and its folders', 'embedded', /^journal/],
    ['of the data file, without the write lease', 'committed', /^store\/data\.mdb$/],
  ]

for (const [name, setting, path] of mutants)
  test(`it is noticed when the sync ${name} is left out (seed ${seed})`, { skip }, async (t) => {
    const session: Session = { setting: settings[setting], seed, processes: 2, operations: 45 }
    const { checked, failures } = await withRecorded(session, (recorded) =>
      cutPower(recorded, { cuts: cutsMax, seed, isSyncIgnored: (file) => path.test(file) }),
    )
    t.diagnostic(`${checked} cuts; ${failures[0]?.split('\n')[0]}`)
    assert.ok(failures.length > 0, 'nothing was noticed')
  })
