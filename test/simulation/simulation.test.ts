// Four mounts on one volume, in virtual time, over the real replica.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mutants, scenarios } from './mutants.js'
import { firstSeed, run, testMutant, testScenario } from './run-scenarios.js'

for (const scenario of scenarios) testScenario(scenario)

for (const mutant of mutants) testMutant(mutant)

test('the same seed is the same run', async () => {
  assert.deepEqual(await run({}, firstSeed), await run({}, firstSeed))
})
