import { targetName } from '../support/target.js'
import { testKillRounds } from './run-kill-rounds.js'

testKillRounds(targetName(), Number(process.env.CASSFS_TEST_ROUNDS ?? 5))
