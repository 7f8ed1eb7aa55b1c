// As faults.test.ts, over LMDB and over a store whose tables are out of reach, as Cassandra's are.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.js'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import { noFaults, withFaults } from '../../src/store/with-faults.js'
import type { Engine } from './run-cases.js'
import { scratch, testFaults } from './test-faults.js'

const openLmdb: Engine['open'] = async () => {
  const directory = mkdtempSync(join(scratch, 'cft-faults-'))
  const store = await openLmdbStore({ directory })
  const close = async () => {
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  }
  return { store, close }
}

const openRemote: Engine['open'] = async () => {
  const options = { random: () => 1, sleep: async () => {} }
  return { store: withFaults(createMemoryStore(), noFaults, options), close: async () => {} }
}

for (const writeLease of [false, true]) {
  const how = writeLease ? 'answers from a journal' : 'every change committed'
  testFaults(`in LMDB, ${how}`, { open: openLmdb, writeLease, scratch }, false)
  testFaults(`out of reach, ${how}`, { open: openRemote, writeLease, scratch }, false)
}
