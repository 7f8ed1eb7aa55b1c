import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreUnusable } from '../store.js'
import { parseReplication, refuseSeveralDataCenters, replicationMap } from './replication.js'

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

test('copies in several data centres are refused, whatever the strategy is', () => {
  const network = 'org.apache.cassandra.locator.NetworkTopologyStrategy'
  const simple = { class: 'SimpleStrategy', replication_factor: '3' }
  const refuse = (replication: Record<string, string>, ...dataCenters: string[]) =>
    refuseSeveralDataCenters('files', replication, dataCenters)
  refuse({ class: network, dc1: '3' }, 'dc1', 'dc2')
  refuse({ class: network, dc1: '3', dc2: '0' }, 'dc1', 'dc2')
  refuse(simple, 'dc1', 'dc1', 'dc1')
  const several = {
    name: 'StoreUnusable',
    message: /"files" .*several data centres \(dc1, dc2\).* dc1=3$/,
  }
  assert.throws(() => refuse({ class: network, dc1: '3', dc2: '3' }, 'dc1'), several)
  assert.throws(() => refuse(parseReplication('dc2=1,dc1=1'), 'dc1', 'dc2'), several)
  assert.throws(() => refuse(simple, 'dc2', 'dc1', 'dc1'), several)
  assert.throws(() => refuse({ class: network, replication_factor: '3' }, 'dc1', 'dc2'), several)
})
