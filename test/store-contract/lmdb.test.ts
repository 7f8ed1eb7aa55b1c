import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.js'
import { startRemoteStore } from './remote-store.js'
import { storeContract } from './store-contract.js'

// The other client is another process: locks, snapshots and index are really shared.
storeContract('lmdb, two processes', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cassfs-store-'))
  let turnedMs = 0
  const store = await openLmdbStore({ directory, nowMs: () => Date.now() + turnedMs })
  const remote = await startRemoteStore(directory)
  return {
    store,
    other: remote.store,
    expireLog: (volume, seq) => store.expireLog(volume, seq),
    sweep: async () => {
      await store.sweep()
    },
    pass: async (ms) => {
      turnedMs += ms
      await remote.turnClock(ms)
    },
    close: async () => {
      await remote.close()
      await store.close()
      await rm(directory, { recursive: true })
    },
  }
})
