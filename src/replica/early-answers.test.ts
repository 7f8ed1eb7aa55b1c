// What of a dead process' journal is carried on, and where that ends.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { JournalRecord } from '../journal/journal.js'
import type { Committed } from './committed.js'
import { EarlyAnswers } from './early-answers.js'
import { Redelivered } from './redelivered.js'
import type { Rules } from './replica.js'

const mount = randomUUID()

const record = (number: number): JournalRecord => ({
  number,
  grantSeq: 1,
  seen: { names: [], inodes: [] },
  intent: Buffer.from(`change ${number}`),
  content: Buffer.alloc(0),
  answers: { mount, unique: number },
})

/** The journal of a dead process, of which all up to `committed` is in the volume; `torn` cannot be read. */
async function carryOn(numbers: readonly number[], committed: number, torn: number) {
  const [held, added, errors] = [[] as string[], [] as string[], [] as string[]]
  let isKeptAside: boolean | undefined
  const dead = {
    id: randomUUID(),
    records: numbers.map(record),
    damage: undefined,
    remove: (keepAside: boolean) => {
      isKeptAside = keepAside
    },
    release: () => assert.fail('it is not left to others'),
  }
  const journal: Rules<string>['journal'] = {
    encode: () => undefined,
    decode(intent) {
      const text = Buffer.from(intent).toString()
      if (text === `change ${torn}`) throw new Error('other bytes than those of its blocks')
      return text
    },
    hold: (intent) => void held.push(intent),
  }
  const redelivered = new Redelivered(mount)
  const early = new EarlyAnswers<string>({
    journals: { create: () => assert.fail('nothing is answered'), takeDead: () => [dead] },
    rules: { prepare: () => undefined, apply: () => undefined, journal },
    writeLease: true,
    freeBytes: () => undefined,
    store: {},
    redelivered,
    logger: { info() {}, warn() {}, error: (message) => void errors.push(message) },
  })
  const volume = { journalNumber: () => committed, head: { seq: 9 } } as unknown as Committed
  const add = async ({ intent }: { intent: string }) => void added.push(intent)
  await Promise.all(early.carryOn(volume, { begin() {}, add }))
  await new Promise(setImmediate)
  const answered = numbers.filter((unique) => redelivered.find({ mount, unique }))
  return { held, added, errors, isKeptAside, answered }
}

test('what is committed is not carried on, nor are its blocks held', async () => {
  const found = await carryOn([1, 2, 3], 2, 0)
  assert.deepEqual(found, {
    held: ['change 3'],
    added: ['change 3'],
    errors: [],
    isKeptAside: false,
    answered: [1, 2, 3],
  })
})

test('behind a record that was torn nothing is believed, though it is committed itself', async () => {
  for (const torn of [1, 2]) {
    const found = await carryOn([1, 2, 3], 2, torn)
    assert.deepEqual([found.held, found.added, found.isKeptAside], [[], [], true])
    assert.equal(found.errors.length, 1)
    assert.deepEqual(found.answered, torn === 1 ? [] : [1], 'what is not believed is not answered')
  }
})

test('a journal goes only when the lease that names it has ended', async () => {
  let isRemoved = false
  const id = randomUUID()
  const dead = {
    ...{ id, records: [], damage: undefined, release: () => {} },
    remove() {
      isRemoved = true
    },
  }
  const early = new EarlyAnswers<string>({
    journals: { create: () => assert.fail('nothing is answered'), takeDead: () => [dead] },
    rules: {
      prepare: () => undefined,
      apply: () => undefined,
      journal: { encode: () => undefined, decode: String },
    },
    writeLease: true,
    freeBytes: () => undefined,
    store: {},
    redelivered: new Redelivered(mount),
    logger: { info() {}, warn() {}, error() {} },
  })
  const head = { seq: 9, lease: { journal: id } }
  const volume = { journalNumber: () => 0, head } as unknown as Committed
  early.carryOn(volume, { begin() {}, add: async () => {} })
  await new Promise(setImmediate)
  early.meetLease(id)
  assert.equal(isRemoved, false, 'else the next process would wait for one that has ended')
  early.meetLease(undefined)
  assert.equal(isRemoved, true)
})
