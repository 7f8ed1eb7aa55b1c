// One mount of the simulation: the real replica on a machine and a line of its own, and a few programs
// that make changes through it and write down what they were answered.

import { Errno, FsError } from '../../src/posix/errno.js'
import { openReplicaWith } from '../../src/replica/open-replica.js'
import type { Protocol } from '../../src/replica/protocol.js'
import { NotLoaded, type Replica, type Rules } from '../../src/replica/replica.js'
import type { Store } from '../../src/store/store.js'
import { EntryKind } from '../../src/volume/log-entry.js'
import type { Uuid } from '../../src/volume/record.js'
import type { Asked } from './asked.js'
import { entryTtlMs, staleness } from './freshness.js'
import { Line, type LineFaults } from './line.js'
import type { SeededRandom } from './seeded-random.js'
import type { SimDisk } from './sim-disk.js'
import type { TimedIntent, TreeIntent } from './tree-rules.js'
import { MachineClock } from './virtual-time.js'
import type { World } from './world.js'

const S_IFDIR = 0o040000
const thinkMsMax = 120
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

  constructor(options: SimMountOptions) {
    const { world, random, faults } = options
    this.#options = options
    this.id = random.uuid()
    this.clock = new MachineClock(world.time, random.between(-86_400_000, 86_400_000))
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
    const { loadsBehind, disk } = this.#options
    this.#replica = await openReplicaWith<TimedIntent>(
      {
        store: this.#watched(this.line.store(shared)),
        ...world.identity,
        rules,
        processId: this.id,
        clock: this.clock,
        random: random.next,
        newUuid: random.uuid,
        entryTtlMs,
        ...(disk ? { copies: disk.copies() } : {}),
        ...(loadsBehind ? { limits: { wholeInodesMax: 0, pageSize: 5 } } : {}),
        logger: {
          info() {},
          warn() {},
          error: (message, fields) => complain(`${message} ${JSON.stringify(fields)}`),
        },
      },
      protocol,
    )
  }

  /** A void may only take the place of what nobody waits for any more. */
  #watched(store: Store): Store {
    const { asked, complain } = this.#options
    const bySeq = new Map<number, ReadonlySet<number>>()
    const commit: Store['commit'] = (commit) => {
      const { kind, seq, answers } = commit.entry
      if (kind === EntryKind.change) bySeq.set(seq, new Set(answers.map(({ unique }) => unique)))
      const waiting = kind === EntryKind.void ? bySeq.get(seq) : undefined
      for (const { mount, unique, outcome } of waiting ? asked : [])
        if (mount === this.id && waiting?.has(unique) && outcome.kind === 'pending')
          complain(`${mount}.${unique} is voided at ${seq} while somebody waits for it`)
      return store.commit(commit)
    }
    return { ...store, commit }
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
    await this.replica.ready()
    this.#checkFresh(startMs)
    const parent = this.#someDirectory()
    const kind = random.below(100)
    if (kind < 25) await this.#create(parent, this.#fileName(), kind < 20)
    else if (kind < 50) await this.#append(parent)
    else if (kind < 60) await this.#replace(parent)
    else if (kind < 72) await this.#change({ op: 'unlink', parent, name: this.#fileName() })
    else if (kind < 80) await this.#link(parent)
    else if (kind < 86) await this.#moveDirectory(parent)
    else if (kind < 91) await this.#mkdir(parent)
    else if (kind < 93) await this.#change({ op: 'rmdir', parent, name: `d${random.below(4)}` })
    else await this.#several(parent)
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

  #someDirectory(): number {
    const { random } = this.#options
    let at = 1
    for (let depth = 0; depth < 3 && random.chance(0.6); depth++) {
      const inside = this.replica.list(at, undefined, 100).filter(({ type }) => type === S_IFDIR)
      if (inside.length === 0) break
      at = random.pick(inside).ino
    }
    return at
  }

  #someFile(parent: number): number | undefined {
    const files = this.replica.list(parent, undefined, 100).filter(({ type }) => type !== S_IFDIR)
    return files.length > 0 ? this.#options.random.pick(files).ino : undefined
  }

  #fileName(): string {
    return `f${this.#options.random.below(8)}`
  }

  async #create(parent: number, name: string, exclusive: boolean): Promise<number> {
    const ino = await this.replica.allocateIno()
    return this.#change({ op: 'create', parent, name, ino, exclusive })
  }

  async #mkdir(parent: number): Promise<void> {
    const ino = await this.replica.allocateIno()
    await this.#change({ op: 'mkdir', parent, name: `d${this.#options.random.below(4)}`, ino })
  }

  async #append(parent: number): Promise<void> {
    const ino = this.#someFile(parent)
    if (ino !== undefined) await this.#change({ op: 'append', ino, text: this.#token() })
  }

  /** As programs save: write beside it, rename over it. */
  async #replace(parent: number): Promise<void> {
    const name = `t${this.id.slice(0, 8)}-${this.#unique}`
    const ino = await this.#create(parent, name, true)
    await this.#change({ op: 'append', ino, text: this.#token() })
    const toName = this.#fileName()
    await this.#change({ op: 'rename', parent, name, toParent: parent, toName })
  }

  async #link(parent: number): Promise<void> {
    const ino = this.#someFile(parent)
    const to = this.#someDirectory()
    if (ino !== undefined)
      await this.#change({ op: 'link', ino, parent: to, name: this.#fileName() })
  }

  async #moveDirectory(parent: number): Promise<void> {
    const { random } = this.#options
    const [name, toName] = [`d${random.below(4)}`, `d${random.below(4)}`]
    const toParent = this.#someDirectory()
    await this.#change({ op: 'rename', parent, name, toParent, toName })
  }

  /** Many changes of the same few names at once: what group commit has to put together. */
  async #several(parent: number): Promise<void> {
    const { random } = this.#options
    const name = this.#fileName()
    const inos = await Promise.all([this.replica.allocateIno(), this.replica.allocateIno()])
    const steps: TreeIntent[] = [
      { op: 'create', parent, name, ino: inos[0], exclusive: true },
      { op: 'append', ino: inos[0], text: this.#token() },
      { op: 'unlink', parent, name },
      { op: 'create', parent, name, ino: inos[1], exclusive: true },
      { op: 'rename', parent, name, toParent: 1, toName: this.#fileName() },
      { op: 'create', parent, name, ino: inos[0], exclusive: false },
    ]
    const count = 1 + random.below(steps.length - 1)
    await Promise.allSettled(steps.slice(0, count).map((step) => this.#change(step)))
  }

  /** Text that stands in one append only. */
  #token(): string {
    return `<${this.id.slice(0, 4)}.${this.#unique}>`
  }

  async #change(intent: TreeIntent): Promise<number> {
    const { world, asked } = this.#options
    const one: Asked = {
      mount: this.id,
      unique: this.#unique++,
      intent: { ...intent, at: this.clock.wall() },
      startMs: world.time.nowMs,
      restoresAtStart: world.restores,
      outcome: { kind: 'pending' },
    }
    asked.push(one)
    try {
      const answers = { mount: one.mount, unique: one.unique }
      const ino = (await this.replica.change(one.intent, { answers })) as number
      // A machine that is gone has nobody to answer.
      if (!this.#isDead) one.outcome = { kind: 'done', ino, seqShown: this.replica.head.seq }
      return ino
    } catch (error) {
      const errno = error instanceof FsError ? error.errno : Errno.EPROTO
      one.outcome = { kind: 'failed', errno }
      throw error
    }
  }
}
