// What tests of the replica need: a volume in a memory engine, replicas of it on a virtual clock, and a
// place to put a failure between them.

import { randomUUID } from 'node:crypto'
import { FsError } from '../../src/posix/errno.js'
import { openReplica } from '../../src/replica/open-replica.js'
import type { Replica } from '../../src/replica/replica.js'
import type { ReplicaOptions } from '../../src/replica/replica-options.js'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import type { Commit, CommitOutcome, Store } from '../../src/store/store.js'
import type { Head } from '../../src/volume/head.js'
import { RecordKind } from '../../src/volume/record.js'
import { createEmptyVolume, type EmptyVolume } from './empty-volume.js'
import { type TimedIntent, type TreeIntent, treeRules } from './tree-rules.js'
import { MachineClock, VirtualTime } from './virtual-time.js'

export type TreeReplica = Replica<TimedIntent>

/** When every intent of `change` was made. */
export const at = { sec: 1000, nsec: 0 }

/** A store with some of its calls replaced. */
export function withCalls(store: Store, calls: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name in calls) return Reflect.get(calls, name)
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** A store whose records are not in this process: what Cassandra looks like from above. */
export function remote(store: Store): Store {
  return withCalls(store, { tables: undefined })
}

/** A store whose scan of all entries never gets anywhere: only directories asked for come. */
export function withoutScan(store: Store): Store {
  return withCalls(remote(store), {
    scan(volume, after, limit) {
      if (after?.kind === RecordKind.inode) return store.scan(volume, after, limit)
      return new Promise(() => {})
    },
  })
}

/** A store whose commits go through `hook`, which may call `send` as often as it likes. */
export function withCommits(
  store: Store,
  hook: (
    commit: Commit,
    send: (commit: Commit) => Promise<CommitOutcome>,
  ) => Promise<CommitOutcome>,
): Store {
  return withCalls(store, { commit: (commit) => hook(commit, (one) => store.commit(one)) })
}

export const unknown: CommitOutcome = { kind: 'unknown', cause: new Error('no answer') }

export class Fixture {
  readonly time = new VirtualTime()
  readonly clock = new MachineClock(this.time, 0)
  readonly memory = createMemoryStore({ nowMs: () => this.time.nowMs })
  identity!: EmptyVolume

  static async create(quotas?: Partial<Head>): Promise<Fixture> {
    const fixture = new Fixture()
    fixture.identity = await createEmptyVolume(fixture.memory, quotas)
    return fixture
  }

  open(
    store: Store = remote(this.memory),
    options: Partial<ReplicaOptions<TimedIntent>> = {},
  ): Promise<TreeReplica> {
    return this.wait(
      openReplica({
        store,
        ...this.identity,
        rules: treeRules,
        processId: randomUUID(),
        clock: this.clock,
        random: () => 0.5,
        ...options,
      }),
    )
  }

  /** Lets time pass until `work` settles. */
  async wait<T>(work: Promise<T>, limitMs = 600_000): Promise<T> {
    let isDone = false
    const end = (): void => {
      isDone = true
    }
    work.then(end, end)
    if (!(await this.time.runUntil(() => isDone, limitMs))) throw new Error('it never ends')
    return work
  }

  pass(durationMs: number): Promise<boolean> {
    return this.time.runUntil(() => false, durationMs)
  }
}

export async function change(replica: TreeReplica, intent: TreeIntent): Promise<number> {
  return (await replica.change({ ...intent, at })) as number
}

/** An exclusive create. */
export async function create(replica: TreeReplica, name: string, parent = 1): Promise<number> {
  const ino = await replica.allocateIno()
  return change(replica, { op: 'create', parent, name, ino, exclusive: true })
}

export async function mkdir(replica: TreeReplica, name: string, parent = 1): Promise<number> {
  return change(replica, { op: 'mkdir', parent, name, ino: await replica.allocateIno() })
}

export function isErrno(errno: number): (error: unknown) => boolean {
  return (error) => error instanceof FsError && error.errno === errno
}
