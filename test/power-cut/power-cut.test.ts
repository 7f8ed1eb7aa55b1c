// A few power cuts, where the hundreds of power-cut.e2e.ts take too long.

import { testPowerCuts } from './run-power-cuts.js'

const seed = Number(process.env.CASSFS_TEST_SEED ?? Date.now() % 1_000_000_000)

testPowerCuts({ rounds: 1, cutsEach: 15, operations: 24, seed })
