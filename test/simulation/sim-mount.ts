// One mount of the simulation: the real replica on a machine and a line of its own, and a few programs
// that make changes through it and write down what they were answered.

import type { Journals } from '../../src/journal/journal.js'
import { Errno, FsError } from '../../src/posix/errno.js'
import type { LeaseRules } from '../../src/replica/lease-rules.js'
import { openReplicaWith } from '../../src/replica/open-replica.js'
import type { Protocol } from '../../src/replica/protocol.js'
import { NotLoaded, type Replica, type Rules } from '../../src/replica/replica.js'
import type { Uuid } from '../../src/volume/record.js'
import type { Asked } from './asked.js'
import { entryTtlMs, staleness } from './freshness.js'
import { checkHolder, watched } from './lease-checks.js'
import { Line, type LineFaults } from './line.js'
import { Program } from './program.js'
import type { SeededRandom } from './seeded-random.js'
import type { SimDisk } from './sim-disk.js'
import type { SimJournals } from './sim-journals.js'
import type { TimedIntent, TreeIntent } from './tree-rules.js'
import { MachineClock } from './virtual-time.js'
import type { World } from './world.js'

const thinkMsMax = 120
/** How long a machine stands still behind a write into its journal. */
const stillMsMax = 20_000
/** How long a program waits after EIO. */
const patienceMsMax = 2000

export interface SimMountOptions {
  readonly world: World
  readonly random: SeededRandom
  readonly faults: LineFaults
  readonly protocol: Protocol
  readonly rules: Rules<TimedIntent>
  /** Whether the engine's tables are in reach, or a copy is kept. */
  readonly shared: boolean
  readonly loadsBehind: boolean
  /** Where copies outlive the mount. */
  readonly disk: SimDisk | undefined
  /** Where what was answered early outlives the mount; undefined: nothing is. */
  readonly journals: SimJournals | undefined
  readonly leaseRules: Partial<LeaseRules>
  readonly earlyChangesMax: number
  /** Of writes into the journal: how many a machine stands still behind. */
  readonly stillChance: number
  /** Nobody else does anything just now. */
  readonly isOnTurn: () => boolean
  /** How often a program does something all the same when it is not its mount's turn. */
  readonly meddleChance: number
  readonly programs: number
  /** Where everything asked is written down. */
  readonly asked: Asked[]
  /** What must not happen. */
  readonly complain: (what: string) => void
}

export class SimMount {
  readonly id: Uuid
  readonly clock: MachineClock
  readonly line: Line
  readonly #options: SimMountOptions
  #replica: Replica<TimedIntent> | undefined
  #unique = 0
  #stopping = false
  #working = 0
  #isDead = false
  #seqSeen = 0
  readonly #program: Program

  constructor(options: SimMountOptions) {
    const { world, random, faults } = options
    this.#options = options
    this.id = random.uuid()
    this.clock = new MachineClock(world.time, random.between(-86_400_000, 86_400_000))
    this.#program = new Program(this, random)
    this.line = new Line(world, this.clock, random, faults)
  }

  get replica(): Replica<TimedIntent> {
    if (!this.#replica) throw new Error('the mount is not open')
    return this.#replica
  }

  get isOpen(): boolean {
    return this.#replica !== undefined
  }

  /** No program is in the middle of something. */
  get isQuiet(): boolean {
    return this.#working === 0
  }

  async open(): Promise<void> {
    const { world, random, protocol, rules, shared, complain } = this.#options
    const { loadsBehind, disk, journals, leaseRules, earlyChangesMax } = this.#options
    this.#replica = await openReplicaWith<TimedIntent>(
      {
        store: watched(this.line.store(shared), this, this.#options),
        ...world.identity,
        rules,
        processId: this.id,
        clock: this.clock,
        random: random.next,
        newUuid: random.uuid,
        entryTtlMs,
        ...(disk ? { copies: disk.copies() } : {}),
        ...(journals ? { journals: this.#journalsOf(journals) } : {}),
        leaseRules,
        onLost: (intent) => this.#lost(intent),
        onLosing: (changes) => this.#keep(changes, true),
        onSpared: (change) => this.#keep([change], false),
        // Short, so that a run of a few seconds sees many commits of early answers.
        limits: {
          lingerMs: 40,
          earlyChangesMax,
          ...(loadsBehind ? { wholeInodesMax: 0, pageSize: 5 } : {}),
        },
        logger: {
          info() {},
          warn() {},
          error: (message, fields) => {
            if (message !== 'a change was lost') complain(`${message} ${JSON.stringify(fields)}`)
          },
        },
      },
      protocol,
    )
  }

  /** A machine may stand still at any moment, and so directly behind a write. */
  #journalsOf(journals: SimJournals): Journals {
    const { random } = this.#options
    const onAppend = (): void => {
      if (random.chance(this.#options.stillChance)) this.clock.jump(random.between(0, stillMsMax))
    }
    return journals.open(() => !this.#isDead, onAppend)
  }

  #keep(changes: readonly { readonly intent: TimedIntent }[], isKept: boolean): undefined {
    for (const { intent } of changes) {
      const one = this.#askedFor(intent)
      if (one && !this.#isDead) one.isKept = isKept
    }
  }

  /** It stands in a journal, and not yet in the log. */
  #isEarlyBehindWait({ mount, unique, intent }: Asked): boolean {
    const { world, journals } = this.#options
    if (this.#isDead || !journals?.holds(Buffer.from(JSON.stringify(intent), 'latin1')))
      return false
    return !world.history.some(({ entry }) =>
      entry.answers.some((answer) => answer.mount === mount && answer.unique === unique),
    )
  }

  #askedFor(intent: TimedIntent): Asked | undefined {
    const text = JSON.stringify(intent)
    return this.#options.asked.find((other) => JSON.stringify(other.intent) === text)
  }

  #lost(intent: TimedIntent): void {
    const { complain } = this.#options
    const text = JSON.stringify(intent)
    const one = this.#askedFor(intent)
    if (!one) complain(`${text} is lost, but nobody asked for it`)
    else if (!this.#isDead) one.isLost = true
  }

  startPrograms(): void {
    for (let count = 0; count < this.#options.programs; count++) this.#run()
  }

  stopPrograms(): void {
    this.#stopping = true
  }

  /** The machine is gone; what was on its way may still arrive. */
  kill(): void {
    this.#isDead = true
    this.#stopping = true
    this.clock.kill()
  }

  async #run(): Promise<void> {
    const { random, complain } = this.#options
    this.#working++
    while (!this.#stopping) {
      await this.#sleep(random.between(0, thinkMsMax))
      if (this.#stopping) break
      if (!this.#options.isOnTurn() && !random.chance(this.#options.meddleChance)) continue
      try {
        await this.#step()
      } catch (error) {
        if (error instanceof NotLoaded) await this.#load(error)
        else if (!(error instanceof FsError)) complain(`a program met ${String(error)}`)
        else if (error.errno === Errno.EIO) await this.#sleep(random.between(0, patienceMsMax))
      }
    }
    this.#working--
  }

  async #load(missed: NotLoaded): Promise<void> {
    const { random } = this.#options
    const loading = this.replica.load(missed)
    await loading.catch(() => this.#sleep(random.between(0, patienceMsMax)))
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.setTimer(delayMs, resolve)
    })
  }

  async #step(): Promise<void> {
    const { random, world } = this.#options
    const startMs = world.time.nowMs
    if (random.chance(0.2) && (await this.#program.writeHeld())) return
    await this.replica.ready()
    this.#checkFresh(startMs)
    await this.#program.step()
  }

  #checkFresh(startMs: number): void {
    const { world, complain } = this.#options
    const { seq, state } = this.replica.status()
    if (world.restores === 0 && seq < this.#seqSeen) complain(`went back from ${this.#seqSeen}`)
    this.#seqSeen = seq
    if (state === 'offline' || world.restores > 0) return
    const stale = staleness(world, seq, startMs)
    if (stale) complain(stale)
  }

  /** Text that stands in one append only. */
  token(): string {
    return `<${this.id.slice(0, 4)}.${this.#unique}>`
  }

  async change(intent: TreeIntent): Promise<number> {
    const { world, asked } = this.#options
    const one: Asked = {
      mount: this.id,
      unique: this.#unique++,
      intent: { ...intent, at: this.clock.wall() },
      startMs: world.time.nowMs,
      restoresAtStart: world.restores,
      isLost: false,
      isKept: false,
      outcome: { kind: 'pending' },
    }
    asked.push(one)
    try {
      const answers = { mount: one.mount, unique: one.unique }
      const before = this.replica.status().early.answered
      const answer = this.replica.change(one.intent, { answers })
      const isAtOnce = this.replica.status().early.answered > before
      if (isAtOnce) checkHolder(this, this.#options, `${one.mount}.${one.unique}`)
      const ino = (answer instanceof Promise ? await answer : answer) as number
      // One that had to wait until the log was followed may be answered early behind that.
      const isEarly = isAtOnce || this.#isEarlyBehindWait(one)
      if (isEarly && !isAtOnce) checkHolder(this, this.#options, `${one.mount}.${one.unique}`)
      // A machine that is gone has nobody to answer.
      if (!this.#isDead)
        one.outcome = { kind: 'done', ino, seqShown: this.replica.head.seq, isEarly }
      return ino
    } catch (error) {
      const errno = error instanceof FsError ? error.errno : Errno.EPROTO
      one.outcome = { kind: 'failed', errno }
      throw error
    }
  }
}
