// As simulation.test.ts, with the journal and the write lease: changes are answered before they are
// committed, machines are killed and come back, and others take over.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaseMutants, leaseScenarios } from './lease-mutants.js'
import { firstSeed, run, testMutant, testScenario } from './run-scenarios.js'

// Always the same runs here; any others in lease.soak.ts.
for (const scenario of leaseScenarios) testScenario({ ...scenario, seed: 1 })

for (const mutant of leaseMutants) testMutant(mutant)

test('the same seed is the same run, with journals and leases too', async () => {
  for (const { scenario } of leaseScenarios.slice(-3))
    assert.deepEqual(await run(scenario, firstSeed), await run(scenario, firstSeed))
})
