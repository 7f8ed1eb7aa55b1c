import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import { type Engine, runCases } from './run-cases.js'
import { type Scenario, scenarios } from './scenarios.js'
import { scratch, testFaults } from './test-faults.js'

const open = async () => ({ store: createMemoryStore(), close: async () => {} })
const engine = (writeLease: boolean): Engine => ({ open, writeLease, scratch })

testFaults('in memory, every change committed', engine(false), true)
testFaults('in memory, answers from a journal', engine(true), true)

test('a journal that is lost is noticed', async () => {
  const { failures } = await runCases(
    { ...engine(true), losesJournals: true },
    scenarios.mkdir as Scenario,
  )
  assert.ok(failures.some((failure) => failure.includes('1 steps were answered')))
})
