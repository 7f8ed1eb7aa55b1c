// One test for each engine: every call of every operation goes wrong once in every way. How many cases there are
// stands in case-counts.json, so that none is lost unnoticed.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot } from '../support/project.js'
import { type Engine, runCases } from './run-cases.js'
import { scenarios } from './scenarios.js'

/** Journals are read again soon: nothing is gained by a disk. */
export const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

const countsPath = join(projectRoot, 'test/faults/case-counts.json')

/** `isExact`: its calls depend on nothing but the operation. */
export function testFaults(name: string, engine: Engine, isExact: boolean): void {
  const title = `${name}: every call of the store goes wrong, and the next mount finds before or after`
  test(title, { timeout: 600_000 }, async (t) => {
    const counts = JSON.parse(readFileSync(countsPath, 'utf8')) as Record<string, number>
    let [sum, unmet] = [0, 0]
    for (const [operation, scenario] of Object.entries(scenarios)) {
      const outcome = await runCases(engine, scenario)
      assert.deepEqual(outcome.failures, [], operation)
      const [count, least] = [outcome.cases.length, counts[operation] ?? 0]
      const advice = `${operation}: ${count} cases, ${least} in ${countsPath}`
      if (isExact) assert.equal(outcome.unmet, 0, `${operation}: calls that were not made`)
      if (isExact) assert.ok(count >= least, `${advice}: fewer than there were`)
      if (isExact) assert.equal(count, least, `${advice}: more than there were; write that down`)
      sum += count
      unmet += outcome.unmet
    }
    assert.ok(unmet * 10 < sum, `${unmet} of ${sum} calls were not made`)
    const missing = Object.keys(counts).filter((operation) => !scenarios[operation])
    assert.deepEqual(missing, [], 'operations that are not tried any more')
    t.diagnostic(`${sum - unmet} cases of ${Object.keys(scenarios).length} operations`)
  })
}
