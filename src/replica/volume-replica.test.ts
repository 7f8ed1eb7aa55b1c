import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  change,
  create,
  Fixture,
  isErrno,
  remote,
  withCalls,
} from '../../test/simulation/replica-fixture.js'
import { Errno } from '../posix/errno.js'
import type { ForeignChange } from './replica.js'

test('a volume that vanishes from the tables of the engine is ESTALE, and nobody waits for it', async () => {
  const fixture = await Fixture.create()
  let isGone = false
  const tables = fixture.memory.tables(fixture.identity.volume)
  const vanishing = new Proxy(tables, {
    get(target, name) {
      if (name === 'head' && isGone) return () => undefined
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const replica = await fixture.open(withCalls(fixture.memory, { tables: () => vanishing }))
  const ino = await fixture.wait(create(replica, 'a'))
  isGone = true
  const chmod = change(replica, { op: 'chmod', ino, mode: 0o600 })
  await assert.rejects(fixture.wait(chmod, 1000), isErrno(Errno.ESTALE))
})

test('a listener that fails keeps neither the others nor the log from going on', async () => {
  const fixture = await Fixture.create()
  const errors: string[] = []
  const logger = { warn() {}, info() {}, debug() {}, error: (text: string) => errors.push(text) }
  const a = await fixture.open()
  const b = await fixture.open(remote(fixture.memory), { logger })
  b.onForeignChange(() => {
    throw new Error('cannot')
  })
  const seen: ForeignChange[] = []
  b.onForeignChange((one) => seen.push(one))
  await fixture.wait(create(a, 'x'))
  await fixture.pass(1000)
  await fixture.wait(create(a, 'y'))
  await fixture.pass(1000)
  assert.equal(seen.length, 2)
  assert.equal(errors.length, 2)
  assert.equal(b.head.seq, 2)
  assert.equal(b.status().state, 'live')
})
