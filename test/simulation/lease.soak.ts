// As lease.test.ts, with other runs each time: `CASSFS_SIMULATION_RUNS=1000 npm run soak -- lease.soak`.

import { leaseScenarios } from './lease-mutants.js'
import { testScenario } from './run-scenarios.js'

for (const scenario of leaseScenarios) testScenario(scenario)
