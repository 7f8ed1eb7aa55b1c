import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import { storeContract } from './store-contract.js'

storeContract('memory', async () => {
  let nowMs = 1_700_000_000_000
  const store = createMemoryStore({ nowMs: () => nowMs })
  return {
    store,
    other: store,
    expireLog: async (volume, seq) => store.expireLog(volume, seq),
    sweep: async () => {
      store.sweep()
    },
    pass: async (ms) => {
      nowMs += ms
    },
    close: () => store.close(),
  }
})
