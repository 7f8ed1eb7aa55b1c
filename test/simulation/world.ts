// The store of the simulation: the real memory engine, with what it took written down, and two things
// that a cluster does: it makes one statement of several for one key as Cassandra does, and it can be
// restored from a backup.

import { aroundStore } from '../../src/store/around-store.js'
import { createMemoryStore, type MemoryStore } from '../../src/store/memory/memory-store.js'
import type { Commit, CommitOutcome, Store } from '../../src/store/store.js'
import type { Head } from '../../src/volume/head.js'
import type { LogEntry } from '../../src/volume/log-entry.js'
import type { Key, VolumeRecord } from '../../src/volume/record.js'
import { createEmptyVolume, type EmptyVolume } from './empty-volume.js'
import type { SeededRandom } from './seeded-random.js'
import type { VirtualTime } from './virtual-time.js'

export interface Taken {
  readonly entry: LogEntry
  readonly atMs: number
  /** What the registry said then: a backup holds it too. */
  readonly nextIno: number
}

/** The volume before its first entry. */
interface Beginning {
  readonly records: readonly VolumeRecord[]
  readonly head: Head
}

export class World {
  readonly identity: EmptyVolume
  readonly time: VirtualTime
  /** What the log holds. */
  history: Taken[] = []
  /** What it held before a restore, and does not any more. */
  readonly rolledBack: Taken[] = []
  #store: MemoryStore
  #commits: Commit[] = []
  readonly #beginning: Beginning
  #restores = 0
  #expired = 0

  private constructor(
    time: VirtualTime,
    store: MemoryStore,
    identity: EmptyVolume,
    beginning: Beginning,
  ) {
    this.time = time
    this.#store = store
    this.identity = identity
    this.#beginning = beginning
  }

  static async create(time: VirtualTime, random: SeededRandom): Promise<World> {
    const store = createMemoryStore({ nowMs: () => time.nowMs })
    const identity = await createEmptyVolume(store, {}, random.uuid)
    const head = await store.readHead(identity.volume)
    const { records } = await store.scan(identity.volume, undefined, 10)
    if (!head) throw new Error('the volume was not made')
    return new World(time, store, identity, { records, head })
  }

  /** What mounts speak to, whichever store is behind it. */
  get front(): Store {
    const commit = (args: readonly unknown[]): Promise<unknown> => this.#commit(args[0] as Commit)
    return {
      ...aroundStore(this.#store, (method, _run, args) => {
        if (method === 'commit') return commit(args)
        const call = this.#store[method] as (...args: readonly unknown[]) => Promise<unknown>
        return call.apply(this.#store, [...args])
      }),
      tables: (volume) => this.#store.tables(volume),
    }
  }

  get restores(): number {
    return this.#restores
  }

  get seq(): number {
    return this.history.length
  }

  async #commit(commit: Commit): Promise<CommitOutcome> {
    const asStored = { ...commit, entry: { ...commit.entry, ...oneStatementPerKey(commit.entry) } }
    const store = this.#store
    const nextIno = await this.#nextIno()
    const outcome = await store.commit(asStored)
    if (outcome.kind !== 'applied') return outcome
    const taken = { entry: asStored.entry, atMs: this.time.nowMs, nextIno }
    if (store !== this.#store) {
      this.rolledBack.push(taken)
      return outcome
    }
    this.history.push(taken)
    this.#commits.push(asStored)
    return outcome
  }

  async #nextIno(): Promise<number> {
    const owner = await this.#store.readOwner(this.identity.ownerName)
    return owner?.nextIno ?? 2
  }

  /**
   * Log entries that are older than the newest `keep` go. Far too early: they live for an hour at
   * least, which is longer than a run.
   */
  expireLog(keep: number): void {
    this.#expired = Math.max(this.#expired, this.seq - keep)
    this.#store.expireLog(this.identity.volume, this.seq - keep)
  }

  /** Entries up to this seq are not in the log any more. */
  get expired(): number {
    return this.#expired
  }

  /** Everything is again as it was at an earlier seq: log, records and registry. */
  async restore(seq: number): Promise<void> {
    const { volume, owner, ownerName } = this.identity
    const store = createMemoryStore({ nowMs: () => this.time.nowMs })
    const { records, head } = this.#beginning
    const nextIno = this.history[seq - 1]?.nextIno ?? 2
    await store.compareAndSetOwner(ownerName, undefined, { id: owner, nextIno })
    await store.firstLoad(volume, owner, [records], head)
    for (const commit of this.#commits.slice(0, seq)) await store.commit(commit)
    this.rolledBack.push(...this.history.slice(seq))
    this.history = this.history.slice(0, seq)
    this.#commits = this.#commits.slice(0, seq)
    this.#store = store
    this.#restores++
  }
}

/**
 * All statements of a Cassandra batch carry one timestamp: a DELETE beats an INSERT of the same key, and
 * of two INSERTs the larger value wins. Nothing changes where each key has one statement.
 */
function oneStatementPerKey(entry: LogEntry): { puts: VolumeRecord[]; deletes: Key[] } {
  const idOf = (key: Key): string => `${key.kind}/${key.parent}/${key.name}`
  const deletes = new Map(entry.deletes.map((key) => [idOf(key), key]))
  const puts = new Map<string, VolumeRecord>()
  for (const record of entry.puts) {
    const id = idOf(record)
    const other = puts.get(id)
    if (deletes.has(id)) continue
    if (!other || Buffer.compare(other.value, record.value) < 0) puts.set(id, record)
  }
  return { puts: [...puts.values()], deletes: [...deletes.values()] }
}
