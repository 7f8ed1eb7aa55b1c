// The suite over stores that fail at random: reads and uploads are asked again by withRetry, outcomes
// of commits are made certain by the rules in fixtures.ts. CASSFS_SEED repeats a run.

import { setTimeout as sleep } from 'node:timers/promises'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import { type Faults, noFaults, seededRandom, withFaults } from '../../src/store/with-faults.js'
import { withMetrics } from '../../src/store/with-metrics.js'
import { withRetry } from '../../src/store/with-retry.js'
import { storeContract } from './store-contract.js'

const seed = Number(process.env.CASSFS_SEED ?? Math.floor(Math.random() * 2 ** 32))

const variants: [string, Partial<Faults>][] = [
  ['requests and answers lost', { failBefore: 0.15, failAfter: 0.15, torn: 0.2 }],
  ['slow, and answers lost', { failAfter: 0.1, delayMsMax: 4 }],
  ['nearly nothing comes back', { failAfter: 0.6 }],
]

for (const [name, rates] of variants)
  storeContract(`memory, ${name}, CASSFS_SEED=${seed}`, async () => {
    const random = seededRandom(seed)
    let nowMs = 1_700_000_000_000
    const memory = createMemoryStore({ nowMs: () => nowMs })
    const client = () => {
      const faults = { ...noFaults, ...rates }
      const faulty = withFaults(memory, faults, { random, sleep, keepTables: true })
      const retry = { attemptsMax: 100, delayMs: 0, delayMsMax: 0, random }
      return withMetrics(withRetry(faulty, retry), { called: () => {} })
    }
    return {
      store: client(),
      other: client(),
      expireLog: async (volume, seq) => memory.expireLog(volume, seq),
      sweep: async () => {
        memory.sweep()
      },
      pass: async (ms) => {
        nowMs += ms
      },
      close: () => memory.close(),
    }
  })
