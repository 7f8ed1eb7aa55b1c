import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreUnusable } from '../store.js'
import { checkKeyspace, endpoints, initCommand, parseContactPoint } from './cassandra-options.js'

test('a contact point is a host with or without a port', () => {
  const rows: [text: string, host: string, port: number][] = [
    ['10.0.0.1', '10.0.0.1', 9042],
    [' db1.example.com ', 'db1.example.com', 9042],
    ['db1:9999', 'db1', 9999],
    ['::1', '::1', 9042],
    ['[2001:db8::1]', '2001:db8::1', 9042],
    ['[2001:db8::1]:65535', '2001:db8::1', 65535],
  ]
  for (const [text, host, port] of rows)
    assert.deepEqual(parseContactPoint(text, 9042), { host, port }, text)
})

test('what is no contact point is refused with what is allowed', () => {
  for (const text of ['', ' ', 'a b', 'a:', 'a:0', 'a:65536', 'a:b', '[::1', 'http://a', '[a]:1'])
    assert.throws(
      () => parseContactPoint(text, 9042),
      (error: unknown) =>
        error instanceof StoreUnusable &&
        /is not a Cassandra contact point: a host/.test(error.message),
      text,
    )
})

test('the port of the options holds for contact points without one', () => {
  const options = { contactPoints: ['a', 'b:2'], keyspace: 'k', port: 1 }
  assert.deepEqual(endpoints(options), [
    { host: 'a', port: 1 },
    { host: 'b', port: 2 },
  ])
  assert.throws(() => endpoints({ contactPoints: [], keyspace: 'k' }), /no Cassandra contact point/)
})

test('a keyspace is a letter, then letters, digits and _', () => {
  for (const name of ['cassfs', 'a', 'Site_2', 'a'.repeat(48)]) checkKeyspace(name)
  for (const name of ['', '1a', '_a', 'a-b', 'a"b', 'a b', 'a'.repeat(49)])
    assert.throws(() => checkKeyspace(name), StoreUnusable, name)
})

test('the advice names the command as it is to be typed', () => {
  const contactPoints = ['a', 'b:2']
  assert.equal(initCommand({ contactPoints, keyspace: 'cassfs' }), 'cassfs init -server=a,b:2')
  assert.equal(
    initCommand({ contactPoints, keyspace: 'site' }),
    'cassfs init -server=a,b:2 -keyspace=site',
  )
})
