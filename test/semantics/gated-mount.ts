/**
 * A mount that holds the write lease over a store that can be shut: then no commit gets through, and what a
 * call is answered from shows. Another mount of the volume tells what others see.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplicaOptions } from '../../src/replica/replica-options.js'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import type { Store } from '../../src/store/store.js'
import type { Intent } from '../../src/vfs/intents/intent.js'
import type { Vfs } from '../../src/vfs/vfs.js'
import type { VfsOptions } from '../../src/vfs/vfs-options.js'
import { withCalls } from '../simulation/replica-fixture.js'
import { SimJournals } from '../simulation/sim-journals.js'
import { holding } from '../vfs/holding.js'
import { openTestVfs, type TestVfs, withVfs } from '../vfs/test-vfs.js'

/** As docs/SEMANTICS.md calls them. */
export type Answered = 'memory' | 'journaled' | 'committed'

/** What does not come in this time, in one process, waits for the store. */
const waitsMs = 60

export interface GatedMount {
  readonly vfs: Vfs
  readonly opened: TestVfs
  readonly other: Vfs
  /** Calls of the store so far. */
  requests(): number
  /** Shuts the store, makes the call, opens the store again, and waits until all is committed. */
  kindOf(call: () => unknown): Promise<Answered>
  /** The same for a call that is to see something only when it is committed. */
  whileShut<T>(body: () => Promise<T>): Promise<T>
}

export async function gatedMount(
  body: (mount: GatedMount) => Promise<void>,
  vfs: Partial<VfsOptions> = {},
  replica: Partial<ReplicaOptions<Intent>> = {},
): Promise<void> {
  const store: Store = createMemoryStore()
  let gate: Promise<void> | undefined
  let [requests, records] = [0, 0]
  const counted = withCalls(store, {
    async commit(change) {
      requests++
      await gate
      return store.commit(change)
    },
    putBlocks(owner, blocks, options) {
      requests++
      return store.putBlocks(owner, blocks, options)
    },
    getBlocks(owner, hashes) {
      requests++
      return store.getBlocks(owner, hashes)
    },
    readLog(volume, after, limit) {
      requests++
      return store.readLog(volume, after, limit)
    },
  })
  const journals = new SimJournals(randomUUID).open(
    () => true,
    () => records++,
  )
  const options = { store: counted, vfs, replica: { journals, ...replica } }
  const mount = replica.writeLease === false ? withVfs : holding
  await mount(options, async (mine, opened) => {
    const another = await openTestVfs({
      store,
      identity: opened.identity,
      vfs: { readOnly: true },
    })
    const whileShut = async <T>(task: () => Promise<T>): Promise<T> => {
      await opened.replica.settled()
      let open = (): void => undefined
      gate = new Promise((resolve) => {
        open = resolve
      })
      try {
        return await task()
      } finally {
        gate = undefined
        open()
        await opened.replica.settled()
      }
    }
    const kindOf = async (call: () => unknown): Promise<Answered> => {
      let answer: unknown
      const kind = await whileShut(async () => {
        const before = records
        answer = call()
        const early = await Promise.race([
          Promise.resolve(answer).then(() => true),
          sleep(waitsMs, false),
        ])
        if (!early) return 'committed'
        return records > before ? 'journaled' : 'memory'
      })
      await answer
      return kind
    }
    try {
      await body({
        vfs: mine,
        opened,
        other: another.vfs,
        requests: () => requests,
        kindOf,
        whileShut,
      })
    } finally {
      await another.close()
    }
  })
}
