// The simulation by hand: `node .build/test/test/simulation/run.js SEED [COUNT] [WORK_SECONDS]`.

import { defaultScenario } from './scenario.js'
import { simulate } from './simulate.js'

const [seed = 1, count = 1, seconds = 60] = process.argv.slice(2).map(Number)
for (let at = seed; at < seed + count; at++) {
  const startedMs = performance.now()
  const report = await simulate({ ...defaultScenario, seed: at, workMs: seconds * 1000 })
  const tookMs = Math.round(performance.now() - startedMs)
  process.stdout.write(`${JSON.stringify({ ...report, tookMs })}\n`)
  if (report.complaints.length > 0) process.exitCode = 1
}
