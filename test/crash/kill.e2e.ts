import { targetName } from '../support/target.js'
import { testKillRounds } from './run-kill-rounds.js'

const rounds = Number(process.env.CASSFS_TEST_ROUNDS ?? 0)

if (process.env.CASSFS_E2E_TARGET) testKillRounds(targetName(), rounds || 100)
else {
  testKillRounds('cassfs', rounds || 30, ['-write_lease=off'])
  testKillRounds('cassandra', rounds || 10, ['-write_lease=off'])
  testKillRounds('cassfs', rounds || 70)
  testKillRounds('cassandra', rounds || 10)
  testKillRounds('cassfs', rounds || 20, [], { otherFirst: true })
  testKillRounds('cassandra', rounds || 4, [], { otherFirst: true })
}
