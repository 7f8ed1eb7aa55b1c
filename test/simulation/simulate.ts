// One run of the simulation: mounts, what happens to them, and the verdict. Everything but the seed is
// the same each time; the same seed is the same run.

import { type Protocol, protocol as soundProtocol } from '../../src/replica/protocol.js'
import type { Rules } from '../../src/replica/replica.js'
import { noFaults } from '../../src/store/with-faults.js'
import type { Asked } from './asked.js'
import type { LineFaults } from './line.js'
import { SeededRandom } from './seeded-random.js'
import { SimDisk } from './sim-disk.js'
import { SimMount } from './sim-mount.js'
import { type TimedIntent, treeRules } from './tree-rules.js'
import { judge } from './verdict.js'
import { VirtualTime } from './virtual-time.js'
import { World } from './world.js'

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
  mounts: 4,
  programs: 3,
  protocol: soundProtocol,
  rules: treeRules,
}

export interface Report {
  readonly seed: number
  readonly asked: number
  readonly done: number
  readonly failed: number
  readonly unsure: number
  readonly entries: number
  readonly voids: number
  readonly virtualMs: number
  readonly complaints: string[]
}

const restMs = 180_000
const EIO = 5

export async function simulate(scenario: Scenario): Promise<Report> {
  const run = new Run(scenario)
  await run.play()
  return run.report()
}

class Run {
  readonly #scenario: Scenario
  readonly #random: SeededRandom
  readonly #time = new VirtualTime()
  readonly #asked: Asked[] = []
  readonly #complaints: string[] = []
  readonly #disks: SimDisk[] = []
  #mounts: SimMount[] = []
  #world!: World
  #isOver = false

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.#random = new SeededRandom(scenario.seed)
  }

  async play(): Promise<void> {
    const { workMs } = this.#scenario
    this.#world = await World.create(this.#time, this.#random)
    for (let at = 0; at < this.#scenario.mounts; at++) this.#startMount(at)
    this.#disturb()
    await this.#time.runUntil(() => false, workMs)
    this.#isOver = true
    for (const mount of this.#mounts) {
      mount.stopPrograms()
      mount.line.mend(calm)
      mount.clock.goOn()
    }
    await this.#rest('a mount cannot be opened', () => this.#mounts.every((mount) => mount.isOpen))
    await this.#rest('programs still wait', () => this.#mounts.every((mount) => mount.isQuiet))
    await this.#rest('volumes are still being loaded', () =>
      this.#mounts.every((mount) => !mount.replica.isLoading),
    )
    await this.#rest('changes are still on their way', () =>
      this.#mounts.every((mount) => !mount.replica.status().inFlight),
    )
    await this.#rest('a replica cannot be closed', this.#end())
  }

  report(): Report {
    const asked = this.#asked
    const history = this.#world.history
    return {
      seed: this.#scenario.seed,
      asked: asked.length,
      done: asked.filter(({ outcome }) => outcome.kind === 'done').length,
      failed: asked.filter(({ outcome }) => outcome.kind === 'failed' && outcome.errno !== EIO)
        .length,
      unsure: asked.filter(
        ({ outcome }) =>
          outcome.kind === 'pending' || (outcome.kind === 'failed' && outcome.errno === EIO),
      ).length,
      entries: history.length,
      voids: history.filter(({ entry }) => entry.kind === 2).length,
      virtualMs: this.#time.nowMs,
      complaints: this.#complaints,
    }
  }

  readonly #complain = (what: string): void => {
    if (this.#complaints.length < 20) this.#complaints.push(what)
  }

  /** Lets time pass until it is so; a complaint where that takes too long. */
  async #rest(complaint: string, until: (() => boolean) | Promise<void>): Promise<void> {
    let isDone = false
    if (until instanceof Promise)
      until.then(
        () => {
          isDone = true
        },
        (error) => this.#complain(`${complaint}: ${String(error)}`),
      )
    const isRest = until instanceof Promise ? () => isDone : until
    if (await this.#time.runUntil(isRest, restMs)) return
    const states = this.#mounts.map((mount) => mount.isOpen && mount.replica.status())
    this.#complain(`${complaint}: ${JSON.stringify(states)}`)
  }

  async #end(): Promise<void> {
    const replicas = this.#mounts.map((mount) => mount.replica)
    for (const replica of replicas) await replica.poll()
    for (const what of judge(this.#world, this.#asked, replicas)) this.#complain(what)
    for (const replica of replicas) await replica.close(1000)
  }

  #startMount(at: number): void {
    const { faults, protocol, rules, sharing, programs } = this.#scenario
    const { loadsBehind, keepsCopies } = this.#scenario
    if (keepsCopies) this.#disks[at] ??= new SimDisk()
    const mount = new SimMount({
      world: this.#world,
      random: this.#random,
      faults,
      protocol,
      rules,
      shared: at < sharing,
      loadsBehind,
      disk: this.#disks[at],
      programs,
      asked: this.#asked,
      complain: this.#complain,
    })
    this.#mounts[at] = mount
    this.#openUntilDone(mount)
  }

  async #openUntilDone(mount: SimMount): Promise<void> {
    while (!mount.isOpen) await mount.open().catch(() => this.#time.sleep(100))
    mount.startPrograms()
    if (this.#isOver) mount.stopPrograms()
  }

  #disturb(): void {
    const { cutEveryMs, stopEveryMs, killEveryMs, expireEveryMs, restoreEveryMs } = this.#scenario
    const { disturbanceMsMax } = this.#scenario
    const random = this.#random
    const someTime = (): number => random.between(100, disturbanceMsMax)
    this.#every(cutEveryMs, async () => {
      const mount = random.pick(this.#mounts)
      mount.line.isCut = true
      await this.#time.sleep(someTime())
      mount.line.isCut = false
    })
    this.#every(stopEveryMs, async () => {
      const { clock } = random.pick(this.#mounts)
      clock.stop(random.chance(0.3))
      await this.#time.sleep(someTime())
      clock.goOn()
    })
    this.#every(killEveryMs, async () => {
      const at = random.below(this.#mounts.length)
      if (!this.#mounts[at]?.isOpen) return
      this.#mounts[at].kill()
      this.#startMount(at)
    })
    this.#every(expireEveryMs, async () => this.#world.expireLog(random.below(40)))
    this.#every(restoreEveryMs, () => this.#restore())
  }

  /** Nobody restores a cluster in less than a minute: meanwhile it does not answer. */
  async #restore(): Promise<void> {
    for (const mount of this.#mounts) mount.line.isCut = true
    await this.#time.sleep(70_000)
    if (this.#isOver) return
    await this.#world.restore(Math.max(0, this.#world.seq - 1 - this.#random.below(60)))
    for (const mount of this.#mounts) mount.line.isCut = false
  }

  /** Several of a kind may be under way at once. */
  async #every(meanMs: number, happen: () => Promise<void>): Promise<void> {
    if (meanMs === 0) return
    for (;;) {
      await this.#time.sleep(this.#random.between(0.2, 1.8) * meanMs)
      if (this.#isOver) return
      happen().catch((error) => this.#complain(`a disturbance failed: ${String(error)}`))
    }
  }
}
