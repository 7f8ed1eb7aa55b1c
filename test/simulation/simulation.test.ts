// Four mounts on one volume, in virtual time, over the real replica. As many runs as fit into a few
// seconds; CASSFS_SIMULATION_SEED repeats a run, CASSFS_SIMULATION_RUNS says how many.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mutants, scenarios } from './mutants.js'
import { defaultScenario, type Report, type Scenario, simulate } from './simulate.js'

const given = process.env.CASSFS_SIMULATION_SEED
const firstSeed = given === undefined ? Math.floor(Math.random() * 1e9) : Number(given)
const runsGiven = process.env.CASSFS_SIMULATION_RUNS
const [runsMin, runsMax] = runsGiven ? [Number(runsGiven), Number(runsGiven)] : [2, 1000]
const budgetMs = 5000
/** A broken rule need not show in every run. */
const mutantRunsMax = 20

for (const { name, scenario } of scenarios)
  test(`every acknowledged change exactly once, all copies equal: ${name}`, async (t) => {
    const sum = { runs: 0, done: 0, failed: 0, unsure: 0, entries: 0, voids: 0 }
    const endMs = performance.now() + budgetMs
    while (sum.runs < runsMin || (sum.runs < runsMax && performance.now() < endMs)) {
      const report = await run(scenario, firstSeed + sum.runs)
      assert.deepEqual(report.complaints, [], `CASSFS_SIMULATION_SEED=${report.seed}`)
      sum.runs++
      sum.done += report.done
      sum.failed += report.failed
      sum.unsure += report.unsure
      sum.entries += report.entries
      sum.voids += report.voids
    }
    t.diagnostic(`seeds from ${firstSeed}: ${JSON.stringify(sum)}`)
    assert.ok(sum.done > 50 * sum.runs, 'too little was done to say anything')
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
