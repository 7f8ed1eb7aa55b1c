import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreUnusable } from '../store.js'
import { parseReplication, replicationMap } from './replication.js'

test('a number is SimpleStrategy, data centres are NetworkTopologyStrategy', () => {
  assert.equal(
    replicationMap(parseReplication('3')),
    "{'class': 'SimpleStrategy', 'replication_factor': '3'}",
  )
  assert.equal(
    replicationMap(parseReplication(' dc1=3, eu-west.2 = 2')),
    "{'class': 'NetworkTopologyStrategy', 'dc1': '3', 'eu-west.2': '2'}",
  )
})

test('anything else is refused', () => {
  for (const text of [
    '',
    '0',
    '-1',
    'dc1',
    'dc1=',
    'dc1=0',
    'dc1=3,',
    "d'c=1",
    'a=1,a=2',
    'class=1',
  ])
    assert.throws(() => parseReplication(text), StoreUnusable, text)
})
