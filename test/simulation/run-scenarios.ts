// Runs scenarios as tests: the sound replica as often as fits into a few seconds, each mutant until it is
// noticed. CASSFS_SIMULATION_SEED repeats a run, CASSFS_SIMULATION_RUNS says how many.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Mutant } from './mutants.js'
import { defaultScenario, type Scenario } from './scenario.js'
import { type Report, simulate } from './simulate.js'

const given = process.env.CASSFS_SIMULATION_SEED
export const firstSeed = given === undefined ? Math.floor(Math.random() * 1e9) : Number(given)
const runsGiven = process.env.CASSFS_SIMULATION_RUNS
const [runsMin, runsMax] = runsGiven ? [Number(runsGiven), Number(runsGiven)] : [2, 1000]
const budgetMs = 2500
/** Where the first seed is known: always the same runs, as far as time allows. */
const knownRunsMax = 15
const noCounts = {
  done: 0,
  failed: 0,
  unsure: 0,
  entries: 0,
  voids: 0,
  early: 0,
  lost: 0,
  takes: 0,
}
const countNames = Object.keys(noCounts) as (keyof typeof noCounts)[]
/** A broken rule need not show in every run: the rarest does in one of eight. */
const mutantRunsMax = 100

export function testScenario({ name, scenario, seed }: Mutant): void {
  const first = given === undefined ? (seed ?? firstSeed) : firstSeed
  const most = seed === undefined ? runsMax : Math.min(runsMax, knownRunsMax)
  test(`every acknowledged change exactly once, all copies equal: ${name}`, async (t) => {
    const sum = { runs: 0, ...noCounts }
    const endMs = performance.now() + budgetMs
    while (sum.runs < runsMin || (sum.runs < most && performance.now() < endMs)) {
      const report = await run(scenario, first + sum.runs)
      assert.deepEqual(report.complaints, [], `CASSFS_SIMULATION_SEED=${report.seed}`)
      sum.runs++
      for (const name of countNames) sum[name] += report[name]
    }
    t.diagnostic(`seeds from ${first}: ${JSON.stringify(sum)}`)
    assert.ok(sum.done > 50 * sum.runs, 'too little was done to say anything')
    if (scenario.journals) assert.ok(sum.early > 5 * sum.runs, 'too little was answered early')
  })
}

export function testMutant({ name, scenario, seed: known }: Mutant): void {
  test(`the simulation notices when ${name}`, async (t) => {
    for (let at = 0; at < mutantRunsMax; at++) {
      const seed = at === 0 ? (known ?? firstSeed) : firstSeed + at
      const { complaints } = await run(scenario, seed)
      if (complaints.length === 0) continue
      t.diagnostic(`noticed in run ${at + 1}: ${complaints[0]?.slice(0, 200)}`)
      return
    }
    assert.fail(`not noticed in ${mutantRunsMax} runs from CASSFS_SIMULATION_SEED=${firstSeed}`)
  })
}

export function run(scenario: Partial<Scenario>, seed: number): Promise<Report> {
  return simulate({ ...defaultScenario, ...scenario, seed })
}
