// Four mounts on one volume, in virtual time, over the real replica: CASSFS_SIMULATION_SEED repeats a
// run, CASSFS_SIMULATION_RUNS makes it longer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mutants, scenarios } from './mutants.js'
import { defaultScenario, type Report, type Scenario, simulate } from './simulate.js'

const given = process.env.CASSFS_SIMULATION_SEED
const firstSeed = given === undefined ? Math.floor(Math.random() * 1e9) : Number(given)
const runs = Number(process.env.CASSFS_SIMULATION_RUNS ?? 5)
/** A broken rule need not show in every run. */
const mutantRunsMax = 20

for (const { name, scenario } of scenarios)
  test(`every acknowledged change exactly once, all copies equal: ${name}`, async (t) => {
    t.diagnostic(`seeds ${firstSeed} to ${firstSeed + runs - 1}`)
    const sum = { done: 0, failed: 0, unsure: 0, entries: 0, voids: 0 }
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
      const report = await run(scenario, seed)
      assert.deepEqual(report.complaints, [], `CASSFS_SIMULATION_SEED=${seed}`)
      sum.done += report.done
      sum.failed += report.failed
      sum.unsure += report.unsure
      sum.entries += report.entries
      sum.voids += report.voids
    }
    t.diagnostic(JSON.stringify(sum))
    assert.ok(sum.done > 100 * runs, 'too little was done to say anything')
  })

for (const { name, scenario } of mutants)
  test(`the simulation notices when ${name}`, async (t) => {
    for (let seed = firstSeed; seed < firstSeed + mutantRunsMax; seed++) {
      const { complaints } = await run(scenario, seed)
      if (complaints.length === 0) continue
      t.diagnostic(`noticed in run ${seed - firstSeed + 1}: ${complaints[0]?.slice(0, 200)}`)
      return
    }
    assert.fail(`not noticed in ${mutantRunsMax} runs from CASSFS_SIMULATION_SEED=${firstSeed}`)
  })

test('the same seed is the same run', async () => {
  assert.deepEqual(await run({}, firstSeed), await run({}, firstSeed))
})

function run(scenario: Partial<Scenario>, seed: number): Promise<Report> {
  return simulate({ ...defaultScenario, ...scenario, seed })
}
