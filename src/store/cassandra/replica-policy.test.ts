import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { type Client, type Host, type HostMap, types } from 'cassandra-driver'
import { StoreUnusable } from '../store.js'
import { Neighbourhood, ReplicaPolicy } from './replica-policy.js'

function host(address: string, datacenter: string): Host {
  return { address, datacenter } as Host
}

const far = host('10.1.0.1:9042', 'far')
const near = ['10.0.0.3', '10.0.0.1', '10.0.0.2', '10.0.0.4'].map((ip) =>
  host(`${ip}:9042`, 'near'),
)
const [n3, n1, n2, n4] = near as [Host, Host, Host, Host]

/** The part of a driver's client that a policy looks at: `replicas` in ring order. */
function settled(order: 'natural' | 'spread', replicas: Host[] | null, wanted?: string) {
  const hosts = Object.assign(new EventEmitter(), { values: () => [far, ...near] })
  const client = { getReplicas: () => replicas } as unknown as Client
  const neighbourhood = new Neighbourhood(wanted, ['10.9.9.9:9042', '10.0.0.1:9042'])
  const policy = new ReplicaPolicy(order, neighbourhood)
  let failure: Error | undefined
  policy.init(client, hosts as unknown as HostMap, (error) => {
    failure = error
  })
  if (failure) throw failure
  const options = { getRoutingKey: () => Buffer.from('x') } as Parameters<
    typeof policy.newQueryPlan
  >[1]
  const plan = (withKey = true) => {
    const found: string[] = []
    policy.newQueryPlan('k', withKey ? options : null, (error, iterator) => {
      assert.equal(error, null)
      for (let next = iterator.next(); !next.done; next = iterator.next())
        found.push(next.value.address)
    })
    return found
  }
  return { neighbourhood, policy, plan }
}

const addresses = (...hosts: Host[]) => hosts.map((each) => each.address)

test('natural order: local replicas as the ring has them, then the other local nodes', () => {
  const { plan } = settled('natural', [far, n2, n1])
  for (let i = 0; i < 5; i++) assert.deepEqual(plan(), addresses(n2, n1, n3, n4))
})

test('natural order without a routing key or metadata is the same on every mount', () => {
  assert.deepEqual(settled('natural', [n2]).plan(false), addresses(n1, n2, n3, n4))
  assert.deepEqual(settled('natural', null).plan(), addresses(n1, n2, n3, n4))
})

test('spread takes every replica in turn and never another before them', () => {
  const { plan } = settled('spread', [n2, far, n1, n3])
  const first = new Set<string>()
  for (let i = 0; i < 6; i++) {
    const found = plan()
    first.add(found[0] ?? '')
    assert.deepEqual(found.slice(0, 3).sort(), addresses(n1, n2, n3))
    assert.deepEqual(found.slice(3), addresses(n4))
  }
  assert.equal(first.size, 3)
})

test('a suspect comes last among its like for 30 seconds', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1e12 })
  const { plan, neighbourhood } = settled('natural', [n2, n1])
  neighbourhood.suspect(n2.address)
  assert.deepEqual(plan(), addresses(n1, n2, n3, n4))
  t.mock.timers.tick(1000)
  neighbourhood.suspect(n1.address)
  assert.deepEqual(plan(), addresses(n2, n1, n3, n4))
  t.mock.timers.tick(29_500)
  assert.deepEqual(plan(), addresses(n2, n1, n3, n4))
  t.mock.timers.tick(1000)
  assert.deepEqual(plan(), addresses(n2, n1, n3, n4))
  neighbourhood.suspect(n2.address)
  assert.deepEqual(plan(), addresses(n1, n2, n3, n4))
})

test('the local data centre is that of the first contact point that the cluster knows', () => {
  const { neighbourhood, policy } = settled('natural', [])
  assert.equal(neighbourhood.dataCenter, 'near')
  assert.equal(policy.getDistance(n1), types.distance.local)
  assert.equal(policy.getDistance(far), types.distance.ignored)
  assert.equal(settled('natural', [], 'far').neighbourhood.dataCenter, 'far')
})

test('a data centre that is not there, or cannot be told, is refused with those that are', () => {
  assert.throws(
    () => settled('natural', [], 'nowhere'),
    (error: unknown) => error instanceof StoreUnusable && /but: far, near/.test(error.message),
  )
  const hosts = { values: () => [far, ...near] } as unknown as HostMap
  assert.throws(
    () => new Neighbourhood(undefined, []).settle(hosts),
    /data centres far, near: say which is near \(option local_dc\)/,
  )
})
