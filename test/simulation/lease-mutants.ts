// As mutants.ts, for the journal and the write lease: what the sound replica goes through with them, and the
// rules that are broken one by one.

import { protocol as soundProtocol } from '../../src/replica/protocol.js'
import { RecordKind } from '../../src/volume/record.js'
import type { Mutant } from './mutants.js'
import { calm, type Scenario } from './scenario.js'

/** Everything that the lease allows, and nothing that goes wrong. */
const calmLease: Partial<Scenario> = {
  journals: true,
  isCalm: true,
  turnMs: 8000,
  faults: calm,
  cutEveryMs: 0,
  stopEveryMs: 0,
  killEveryMs: 0,
  expireEveryMs: 0,
}

const slowLease: Partial<Scenario> = {
  ...calmLease,
  faults: { ...calm, delayMsMax: 1200 },
}

/** So much is going on that a holder who goes on taking changes never has nothing to commit. */
const crowdedLease: Partial<Scenario> = {
  ...calmLease,
  releaseMsMax: 2500,
  meddleChance: 0.0003,
  mounts: 2,
  programs: 25,
  workMs: 30_000,
  turnMs: 10_000,
  faults: { ...calm, delayMsMax: 150 },
}

/** The holder needs longer to give the lease back than others wait for one that is gone. */
const verySlowLease: Partial<Scenario> = {
  ...calmLease,
  earlyChangesMax: 2,
  workMs: 400_000,
  turnMs: 40_000,
  meddleChance: 0.0005,
  faults: { ...calm, delayMsMax: 3500 },
}

const faultyLease: Partial<Scenario> = {
  journals: true,
  turnMs: 8000,
  workMs: 120_000,
  cutEveryMs: 20_000,
  stopEveryMs: 20_000,
  killEveryMs: 20_000,
  restartMsMax: 40_000,
}

/** Machines stand still again and again, and others take over. */
const stoppedLease: Partial<Scenario> = {
  ...faultyLease,
  workMs: 180_000,
  stopEveryMs: 5000,
  cutEveryMs: 0,
  killEveryMs: 0,
}

/** The holder is busy for long, and the one machine that stands still is often its own. */
const stoppedHolder: Partial<Scenario> = {
  ...stoppedLease,
  mounts: 2,
  programs: 10,
  turnMs: 40_000,
}

export const leaseMutants: readonly Mutant[] = [
  {
    name: 'a lease of somebody else is not looked at for a second attempt',
    seed: 1,
    scenario: { ...slowLease, turnMs: 2000, leaseRules: { looksAgain: false } },
  },
  {
    name: 'changes are answered early while the release is on its way',
    seed: 1,
    scenario: {
      ...slowLease,
      isCalm: false,
      mounts: 2,
      programs: 1,
      workMs: 480_000,
      faults: { ...calm, delayMsMax: 1200, failAfter: 0.3 },
      leaseRules: { answersWhileReleasing: true },
    },
  },
  {
    name: 'new changes are not held back when the lease is recalled',
    seed: 4,
    scenario: { ...crowdedLease, leaseRules: { holdsBack: false } },
  },
  {
    name: 'the clock is not looked at',
    seed: 3,
    scenario: { ...stoppedHolder, leaseRules: { isInTime: () => true } },
  },
  {
    name: 'the clock stands still in suspend',
    seed: 1,
    scenario: {
      ...stoppedHolder,
      suspendChance: 1,
      leaseRules: { age: (now, then) => now.monotonicMs - then.monotonicMs },
    },
  },
  {
    name: 'an old look at shared tables is good enough',
    seed: 8,
    scenario: { ...stoppedHolder, sharing: 2, leaseRules: { isLookGood: () => true } },
  },
  {
    name: 'a recaller counts from when it saw the holder last, not from the recall',
    seed: 3,
    scenario: { ...slowLease, leaseRules: { waitsSince: (_learnedMs, holderMs) => holderMs } },
  },
  {
    name: 'a recaller does not begin anew when the holder commits',
    seed: 5,
    scenario: {
      ...verySlowLease,
      leaseRules: { waitsSince: (learnedMs) => learnedMs },
    },
  },
  {
    name: 'what an early answer saw does not count after a take',
    seed: 4,
    scenario: {
      ...faultyLease,
      stopEveryMs: 8000,
      cutEveryMs: 8000,
      protocol: { ...soundProtocol, isStillSo: () => true },
    },
  },
  {
    name: 'the number of a journal is not committed',
    seed: 1,
    scenario: {
      ...faultyLease,
      protocol: {
        ...soundProtocol,
        merge: (writes) =>
          soundProtocol.merge(writes.filter(({ kind }) => kind !== RecordKind.journal)),
      },
    },
  },
  {
    name: 'nobody looks again behind the journal write',
    seed: 1,
    scenario: { ...faultyLease, leaseRules: { checksAgain: false } },
  },
]

export const leaseScenarios: readonly Mutant[] = [
  { name: 'the write lease, without faults', scenario: calmLease },
  {
    name: 'the write lease, on shared tables, without faults',
    scenario: { ...calmLease, sharing: 4 },
  },
  { name: 'the write lease, with many programs', scenario: crowdedLease },
  { name: 'the write lease, on a slow store', scenario: slowLease },
  { name: 'the write lease, on a very slow store', scenario: verySlowLease },
  { name: 'the write lease, with cuts, stops and late restarts', scenario: faultyLease },
  { name: 'the write lease, on shared tables', scenario: { ...faultyLease, sharing: 2 } },
  { name: 'the write lease, with machines that stand still', scenario: stoppedLease },
]
