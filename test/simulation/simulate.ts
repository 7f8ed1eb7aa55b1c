// One run of the simulation: mounts, what happens to them, and the verdict. Everything but the seed is
// the same each time; the same seed is the same run.

import { EntryKind } from '../../src/volume/log-entry.js'
import type { Asked } from './asked.js'
import { calm, type Scenario } from './scenario.js'
import { SeededRandom } from './seeded-random.js'
import { SimDisk } from './sim-disk.js'
import { SimJournals } from './sim-journals.js'
import { SimMount } from './sim-mount.js'
import { judge } from './verdict.js'
import { VirtualTime } from './virtual-time.js'
import { World } from './world.js'

export interface Report {
  readonly seed: number
  readonly asked: number
  readonly done: number
  readonly failed: number
  readonly unsure: number
  readonly entries: number
  readonly voids: number
  readonly early: number
  readonly lost: number
  readonly takes: number
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
  readonly #journals: SimJournals[] = []
  /** Machines that were killed and have not started again. */
  readonly #away = new Set<number>()
  #onTurn = 0
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
    for (const at of [...this.#away]) this.#startMount(at)
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
      this.#mounts.every(({ replica }) => {
        const { inFlight, early } = replica.status()
        return !inFlight && early.uncommitted === 0
      }),
    )
    await this.#rest('a lease that nobody uses is not given back', () =>
      this.#mounts.every(({ replica }) => replica.status().early.lease === 'none'),
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
      voids: history.filter(({ entry }) => entry.kind === EntryKind.void).length,
      early: asked.filter(({ outcome }) => outcome.kind === 'done' && outcome.isEarly).length,
      lost: asked.filter(({ isLost }) => isLost).length,
      takes: history.filter(({ entry }) => entry.kind === EntryKind.take).length,
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
    // What a mount had sent when it was killed may still be on its way.
    await this.#time.sleep(this.#scenario.faults.lateMsMax + this.#scenario.faults.delayMsMax)
    for (const replica of replicas) await replica.poll()
    for (const what of judge(this.#world, this.#asked, replicas)) this.#complain(what)
    const { lost, takes } = this.report()
    if (this.#scenario.isCalm && lost + takes > 0)
      this.#complain(`${lost} changes were lost and ${takes} leases taken, though nothing happened`)
    const { releaseMsMax } = this.#scenario
    if (releaseMsMax > 0 && this.#slowestReleaseMs() > releaseMsMax)
      this.#complain(`a lease was given back only after ${this.#slowestReleaseMs()} ms`)
    if (this.#journals.some((journals) => !journals.isEmpty))
      this.#complain('a journal was not carried on')
    for (const replica of replicas) await replica.close(1000)
  }

  /** From a recall to the end of the lease, at most. */
  #slowestReleaseMs(): number {
    let recalledMs = 0
    let slowestMs = 0
    for (const { entry, atMs } of this.#world.history)
      if (entry.kind === EntryKind.recall) recalledMs = atMs
      else if (!entry.head.lease && recalledMs > 0) {
        slowestMs = Math.max(slowestMs, atMs - recalledMs)
        recalledMs = 0
      }
    return recalledMs > 0 ? Number.POSITIVE_INFINITY : slowestMs
  }

  #startMount(at: number): void {
    const { faults, protocol, rules, sharing, programs } = this.#scenario
    const { loadsBehind, keepsCopies, journals, leaseRules, turnMs } = this.#scenario
    const { earlyChangesMax } = this.#scenario
    this.#away.delete(at)
    if (journals) this.#journals[at] ??= new SimJournals(this.#random.uuid)
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
      journals: this.#journals[at],
      leaseRules,
      earlyChangesMax,
      stillChance: this.#scenario.isCalm ? 0 : 0.002,
      meddleChance: this.#scenario.meddleChance,
      isOnTurn: () => turnMs === 0 || this.#onTurn === at,
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
      clock.stop(random.chance(this.#scenario.suspendChance))
      await this.#time.sleep(someTime())
      clock.goOn()
    })
    this.#every(killEveryMs, async () => {
      const at = random.below(this.#mounts.length)
      if (!this.#mounts[at]?.isOpen || this.#away.has(at)) return
      this.#mounts[at].kill()
      this.#away.add(at)
      await this.#time.sleep(random.below(1 + this.#scenario.restartMsMax))
      if (this.#away.has(at)) this.#startMount(at)
    })
    // Never the newest: a mount that has not followed to it for as long as entries live looks at the head first.
    this.#every(expireEveryMs, async () => this.#world.expireLog(Math.max(1, random.below(40))))
    this.#every(restoreEveryMs, () => this.#restore())
    this.#every(this.#scenario.turnMs, async () => {
      this.#onTurn = random.below(this.#mounts.length + 1)
    })
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
