// What happens in a run of the simulation: how many mounts do what, and what goes wrong.

import type { LeaseRules } from '../../src/replica/lease-rules.js'
import { type Protocol, protocol as soundProtocol } from '../../src/replica/protocol.js'
import type { Rules } from '../../src/replica/replica.js'
import { noFaults } from '../../src/store/with-faults.js'
import type { LineFaults } from './line.js'
import { type TimedIntent, treeRules } from './tree-rules.js'

export interface Scenario {
  readonly seed: number
  /** How long the programs work, in virtual time. */
  readonly workMs: number
  readonly faults: LineFaults
  /** Mean time between two such things, over all mounts; 0: never. */
  readonly cutEveryMs: number
  readonly stopEveryMs: number
  readonly killEveryMs: number
  readonly expireEveryMs: number
  readonly restoreEveryMs: number
  readonly disturbanceMsMax: number
  /** How many of the mounts share the engine's tables. */
  readonly sharing: number
  /** Whether the others load behind, directory by directory, instead of whole at first. */
  readonly loadsBehind: boolean
  /** Whether the others keep their copies on a disk that survives their ends. */
  readonly keepsCopies: boolean
  /** Whether changes are journaled, and answered early by whoever has the write lease. */
  readonly journals: boolean
  /** Mean time for which one mount works nearly alone, or none; 0: all work all the time. */
  readonly turnMs: number
  /** How often others do something meanwhile. */
  readonly meddleChance: number
  /** How long a machine that was killed stays away at most. */
  readonly restartMsMax: number
  /** Nothing may be lost, nor any lease taken: nobody is ever stopped, cut off or killed. */
  readonly isCalm: boolean
  /** How long a holder may take to give the lease back; 0: that is not looked at. */
  readonly releaseMsMax: number
  /** Of stops: how many are suspends. */
  readonly suspendChance: number
  readonly leaseRules: Partial<LeaseRules>
  /** Of a commit of changes that were answered early. */
  readonly earlyChangesMax: number
  readonly mounts: number
  readonly programs: number
  readonly protocol: Protocol
  readonly rules: Rules<TimedIntent>
}

export const calm: LineFaults = { ...noFaults, delayMsMax: 10, gap: 0 }

const lossy: LineFaults = {
  failBefore: 0.03,
  failAfter: 0.05,
  late: 0.02,
  lateMsMax: 8000,
  torn: 0,
  isCut: false,
  delayMsMax: 40,
  gap: 0.02,
}

export const defaultScenario: Scenario = {
  seed: 1,
  workMs: 60_000,
  faults: lossy,
  cutEveryMs: 15_000,
  stopEveryMs: 15_000,
  killEveryMs: 60_000,
  expireEveryMs: 20_000,
  restoreEveryMs: 0,
  disturbanceMsMax: 30_000,
  sharing: 0,
  loadsBehind: false,
  keepsCopies: false,
  journals: false,
  turnMs: 0,
  meddleChance: 0.005,
  restartMsMax: 0,
  isCalm: false,
  releaseMsMax: 0,
  suspendChance: 0.3,
  leaseRules: {},
  earlyChangesMax: 500,
  mounts: 4,
  programs: 3,
  protocol: soundProtocol,
  rules: treeRules,
}
