import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EnvironmentEntry, OwnerEntry, Store } from '../../src/store/store.js'
import { VolumeState } from '../../src/volume/head.js'
import { newUuid } from '../../src/volume/uuid.js'
import { settleCas } from './fixtures.js'
import type { Opened } from './store-contract.js'

export function registryTests(use: Opened): void {
  owners(use)
  environments(use)
  leases(use)

  test('the store has a clock', async () => {
    const { store } = use()
    const first = await store.clockMs()
    assert.ok(first > 1_600_000_000_000)
    assert.ok((await store.clockMs()) >= first)
  })
}

const newName = () => `owner-${newUuid()}`

function swapOwner(store: Store, owner: string, expect: OwnerEntry | undefined, next: OwnerEntry) {
  const ours = (present?: OwnerEntry) => present?.id === next.id && present.nextIno === next.nextIno
  return settleCas(() => store.compareAndSetOwner(owner, expect, next), ours)
}

function owners(use: Opened): void {
  test('of many who make one owner, one does; all see the same', async () => {
    const { store, other } = use()
    const owner = newName()
    assert.equal(await store.readOwner(owner), undefined)
    const entries = Array.from({ length: 8 }, () => ({ id: newUuid(), nextIno: 2 }))
    const outcomes = await Promise.all(
      entries.map((entry, i) => swapOwner(i % 2 ? store : other, owner, undefined, entry)),
    )
    const won = entries.filter((_, i) => outcomes[i]?.kind === 'applied')
    assert.equal(won.length, 1)
    assert.deepEqual(await store.readOwner(owner), won[0])
    for (const outcome of outcomes)
      if (outcome.kind === 'refused') assert.deepEqual(outcome.present, won[0])
  })

  test('ranges of inode numbers leased at the same time do not overlap', async () => {
    const { store, other } = use()
    const owner = newName()
    const id = newUuid()
    await swapOwner(store, owner, undefined, { id, nextIno: 2 })
    const starts: number[] = []
    const lease = async (client: Store) => {
      for (let done = 0; done < 5; ) {
        const entry = await client.readOwner(owner)
        assert.ok(entry)
        // Ranges of different lengths, so that nobody takes another's entry for its own.
        const nextIno = entry.nextIno + 1000 + Math.floor(Math.random() * 1e6)
        const outcome = await swapOwner(client, owner, entry, { id, nextIno })
        if (outcome.kind !== 'applied') continue
        starts.push(entry.nextIno)
        done++
      }
    }
    await Promise.all([lease(store), lease(other), lease(store), lease(other)])
    assert.equal(new Set(starts).size, 20)
  })

  test('inode numbers up to 2^53 are kept', async () => {
    const { store } = use()
    const owner = newName()
    const entry = { id: newUuid(), nextIno: Number.MAX_SAFE_INTEGER }
    assert.deepEqual(await swapOwner(store, owner, undefined, entry), { kind: 'applied' })
    assert.deepEqual(await store.readOwner(owner), entry)
  })
}

function environments(use: Opened): void {
  test('an environment is made once, changed as expected, removed; others are told what is there', async () => {
    const { store, other } = use()
    const owner = newName()
    const entry = (state: number): EnvironmentEntry => ({
      volume: newUuid(),
      state,
      homeDataCenter: 'datacenter1',
      createdMs: 1_700_000_000_123,
    })
    const swap = (client: Store, expect?: EnvironmentEntry, next?: EnvironmentEntry) =>
      settleCas(
        () => client.compareAndSetEnvironment(owner, 'prod', expect, next),
        (present) => present?.volume === next?.volume,
      )
    const [first, second] = [entry(VolumeState.loading), entry(VolumeState.live)]
    assert.equal(await store.readEnvironment(owner, 'prod'), undefined)
    assert.deepEqual(await swap(store, undefined, first), { kind: 'applied' })
    assert.deepEqual(await swap(other, undefined, second), { kind: 'refused', present: first })
    assert.deepEqual(await other.readEnvironment(owner, 'prod'), first)
    const wrong = { ...first, state: VolumeState.frozen }
    assert.deepEqual(await swap(store, wrong, second), { kind: 'refused', present: first })
    assert.deepEqual(await swap(store, first, second), { kind: 'applied' })
    assert.deepEqual(await swap(other, second, undefined), { kind: 'applied' })
    assert.equal(await store.readEnvironment(owner, 'prod'), undefined)
    assert.deepEqual(await swap(store, second, first), { kind: 'refused', present: undefined })
  })

  test('environments are listed by owner', async () => {
    const { store } = use()
    const [owner, stranger] = [newName(), newName()]
    const names = ['b', 'a', 'a@label', 'c.d-e_f']
    const entry = () => ({ volume: newUuid(), state: 1, homeDataCenter: '', createdMs: 5 })
    const made = new Map<string, EnvironmentEntry>()
    for (const name of names) {
      const next = entry()
      made.set(name, next)
      await settleCas(
        () => store.compareAndSetEnvironment(owner, name, undefined, next),
        (present) => present?.volume === next.volume,
      )
    }
    const next = entry()
    await settleCas(
      () => store.compareAndSetEnvironment(stranger, 'x', undefined, next),
      (present) => present?.volume === next.volume,
    )
    const listed = await store.listEnvironments(owner)
    assert.deepEqual(listed.map((each) => each.environment).toSorted(), names.toSorted())
    for (const { environment, ...rest } of listed) assert.deepEqual(rest, made.get(environment))
    assert.deepEqual(await store.listEnvironments(newName()), [])
  })
}

function leases(use: Opened): void {
  test('a lease is held by one, renewed by its holder, released, and taken by the next', async () => {
    const { store, other } = use()
    const key = `gc/${newUuid()}`
    const [one, two] = [newUuid(), newUuid()]
    const lease = (holder: string, value = '') => ({ key, holder, value })
    assert.deepEqual(await store.acquireLease(lease(one, 'a'), 60_000), { held: true, holder: one })
    assert.deepEqual(await other.acquireLease(lease(two), 60_000), { held: false, holder: one })
    assert.deepEqual(await store.acquireLease(lease(one, 'b'), 60_000), { held: true, holder: one })
    assert.deepEqual(await other.listLeases(key), [lease(one, 'b')])
    await other.releaseLease(key, two)
    assert.equal((await store.listLeases(key)).length, 1)
    await store.releaseLease(key, one)
    assert.deepEqual(await other.listLeases(key), [])
    assert.deepEqual(await other.acquireLease(lease(two), 60_000), { held: true, holder: two })
  })

  test('a lease that is not renewed ends by itself', async () => {
    const { store, other, pass } = use()
    const key = `gc/${newUuid()}`
    const [one, two] = [newUuid(), newUuid()]
    await store.acquireLease({ key, holder: one, value: '' }, 2000)
    await pass(4000)
    assert.deepEqual(await other.listLeases(key), [])
    const taken = await other.acquireLease({ key, holder: two, value: '' }, 60_000)
    assert.deepEqual(taken, { held: true, holder: two })
    const late = await store.acquireLease({ key, holder: one, value: '' }, 60_000)
    assert.deepEqual(late, { held: false, holder: two })
  })

  test('leases are listed by prefix', async () => {
    const { store } = use()
    const volume = newUuid()
    const keys = [`session/${volume}/a`, `session/${volume}/b`, `session/${newUuid()}/a`]
    for (const key of keys) await store.acquireLease({ key, holder: newUuid(), value: key }, 60_000)
    const listed = await store.listLeases(`session/${volume}/`)
    assert.deepEqual(listed.map((lease) => lease.key).toSorted(), keys.slice(0, 2))
    for (const { key, holder } of listed) await store.releaseLease(key, holder)
    assert.deepEqual(await store.listLeases(`session/${volume}/`), [])
  })

  test('of many who want a lease at once, one gets it', async () => {
    const { store, other } = use()
    const key = `gc/${newUuid()}`
    const holders = Array.from({ length: 6 }, newUuid)
    const answers = await Promise.all(
      holders.map((holder, i) =>
        (i % 2 ? store : other).acquireLease({ key, holder, value: '' }, 60_000),
      ),
    )
    const held = holders.filter((_, i) => answers[i]?.held)
    assert.equal(held.length, 1)
    for (const answer of answers) assert.equal(answer.holder, held[0])
  })
}
