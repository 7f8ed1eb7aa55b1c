import { targetName } from '../support/target.js'
import { testKillRounds } from './run-kill-rounds.js'

const rounds = Number(process.env.CASSFS_TEST_ROUNDS ?? 0)

if (process.env.CASSFS_E2E_TARGET) testKillRounds(targetName(), rounds || 100)
else {
  testKillRounds('cassfs', rounds || 40)
  testKillRounds('cassandra', rounds || 10)
  testKillRounds('cassfs', rounds || 60, ['-write_lease=true'])
  testKillRounds('cassandra', rounds || 10, ['-write_lease=true'])
  testKillRounds('cassfs', rounds || 20, ['-write_lease=true'], { otherFirst: true })
  testKillRounds('cassandra', rounds || 4, ['-write_lease=true'], { otherFirst: true })
}
