// Engines that keep books of their blocks (memory, LMDB): which may be named, and when one goes.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { unnamedMsMax } from '../../src/tables/block-ledger.js'
import type { Hash } from '../../src/volume/inode.js'
import { newUuid } from '../../src/volume/uuid.js'
import {
  type At,
  apply,
  commitOf,
  dirent,
  newBlock,
  newVolume,
  present,
  scanAll,
  settle,
} from './fixtures.js'
import type { Opened, StoreUnderTest } from './store-contract.js'

type Sweeping = StoreUnderTest & { sweep(): Promise<void> }

export function embeddedBlockTests(use: Opened): void {
  const embedded = (name: string, run: (under: Sweeping) => Promise<void>) =>
    test(name, async (t: TestContext) => {
      const under = use()
      if (!under.sweep) return t.skip('this engine keeps no books of its blocks')
      await run(under as Sweeping)
    })
  naming(embedded)
  sweeping(embedded)
  manifests(embedded)
  sessions(embedded)
}

type Define = (name: string, run: (under: Sweeping) => Promise<void>) => void

/** Sweeps an hour later, when uploads protect nothing any more. */
async function sweepLater(under: Sweeping): Promise<void> {
  await under.pass(unnamedMsMax + 1000)
  await under.sweep()
}

async function nameBlock(under: Sweeping, at: At, hash: Hash, name = 'f'): Promise<At> {
  return apply(under.store, at, { puts: [dirent(1, name, 5, hash)], begins: [hash] })
}

function naming(embedded: Define): void {
  embedded('a commit that names an absent block is told which, and does nothing', async (under) => {
    const { store } = under
    const at = await newVolume(store)
    const [there, absent] = [newBlock(), newBlock()]
    await store.putBlocks(at.owner, [there])
    const puts = [dirent(1, 'a', 2, there.hash), dirent(1, 'b', 3, absent.hash)]
    const commit = commitOf(at, { puts, begins: [there.hash, absent.hash, absent.hash] })
    assert.deepEqual(await settle(store, commit), { kind: 'missing', hashes: [absent.hash] })
    assert.deepEqual(await store.readHead(at.volume), at.head)
    assert.equal((await scanAll(store, at.volume)).length, 1)
    await store.putBlocks(at.owner, [absent])
    assert.deepEqual(await settle(store, commit), { kind: 'applied' })
  })

  embedded('a commit that names a manifest is told of its absent blocks', async (under) => {
    const { store } = under
    const at = await newVolume(store)
    const [piece, absent] = [newBlock(), newBlock()]
    const manifest = newBlock(64, [piece.hash, absent.hash])
    await store.putBlocks(at.owner, [piece, manifest])
    const commit = commitOf(at, { begins: [manifest.hash] })
    assert.deepEqual(await settle(store, commit), { kind: 'missing', hashes: [absent.hash] })
    await store.putBlocks(at.owner, [absent])
    assert.deepEqual(await settle(store, commit), { kind: 'applied' })
  })

  embedded('a first load names the blocks of its records', async (under) => {
    const { store } = under
    const block = newBlock()
    const source = await newVolume(store)
    await store.putBlocks(source.owner, [block])
    const named = await nameBlock(under, source, block.hash)
    await newVolume(store, [dirent(1, 'f', 5, block.hash)], { owner: source.owner })
    await apply(store, named, { ceases: [block.hash] })
    await sweepLater(under)
    assert.deepEqual(await present(store, source.owner, [block.hash]), [true])
  })
}

function sweeping(embedded: Define): void {
  embedded('an uploaded block has an hour to be named', async (under) => {
    const { store } = under
    const at = await newVolume(store)
    const [named, unnamed] = [newBlock(), newBlock()]
    await store.putBlocks(at.owner, [named, unnamed])
    await nameBlock(under, at, named.hash)
    await under.pass(unnamedMsMax - 600_000)
    await under.sweep()
    assert.deepEqual(await present(store, at.owner, [named.hash, unnamed.hash]), [true, true])
    await under.pass(1_200_000)
    await under.sweep()
    assert.deepEqual(await present(store, at.owner, [named.hash, unnamed.hash]), [true, false])
  })

  embedded('uploading it again renews its hour', async (under) => {
    const { store } = under
    const owner = newUuid()
    const block = newBlock()
    await store.putBlocks(owner, [block])
    await under.pass(unnamedMsMax - 600_000)
    await store.putBlocks(owner, [block])
    await under.pass(1_200_000)
    await under.sweep()
    assert.deepEqual(await present(store, owner, [block.hash]), [true])
    await sweepLater(under)
    assert.deepEqual(await present(store, owner, [block.hash]), [false])
  })

  embedded('a block goes when the last of its names is gone', async (under) => {
    const { store } = under
    const block = newBlock()
    let at = await newVolume(store)
    await store.putBlocks(at.owner, [block])
    at = await apply(store, at, { begins: [block.hash, block.hash] })
    at = await apply(store, at, { ceases: [block.hash] })
    await sweepLater(under)
    assert.deepEqual(await present(store, at.owner, [block.hash]), [true])
    at = await apply(store, at, { ceases: [block.hash] })
    await sweepLater(under)
    assert.deepEqual(await present(store, at.owner, [block.hash]), [false])
    const late = commitOf(at, { begins: [block.hash] })
    assert.deepEqual(await settle(store, late), { kind: 'missing', hashes: [block.hash] })
  })

  embedded('a block named again in time stays', async (under) => {
    const { store } = under
    const block = newBlock()
    let at = await newVolume(store)
    await store.putBlocks(at.owner, [block])
    at = await apply(store, at, { begins: [block.hash] })
    at = await apply(store, at, { ceases: [block.hash] })
    at = await apply(store, at, { begins: [block.hash] })
    await sweepLater(under)
    assert.deepEqual(await present(store, at.owner, [block.hash]), [true])
  })
}

function manifests(embedded: Define): void {
  embedded(
    'a manifest takes its blocks along, but for those that another shares',
    async (under) => {
      const { store } = under
      const [own, shared, next] = [newBlock(), newBlock(), newBlock()]
      const first = newBlock(64, [own.hash, shared.hash])
      const second = newBlock(65, [shared.hash, next.hash])
      const hashes = [first, own, shared, second, next].map((block) => block.hash)
      let at = await newVolume(store)
      await store.putBlocks(at.owner, [own, shared, next, first, second])
      at = await apply(store, at, { begins: [first.hash] })
      await sweepLater(under)
      assert.deepEqual(await present(store, at.owner, hashes), [true, true, true, false, false])
      await store.putBlocks(at.owner, [second, next])
      at = await apply(store, at, { begins: [second.hash], ceases: [first.hash] })
      await sweepLater(under)
      assert.deepEqual(await present(store, at.owner, hashes), [false, false, true, true, true])
      at = await apply(store, at, { ceases: [second.hash] })
      await sweepLater(under)
      assert.deepEqual(await present(store, at.owner, hashes), [false, false, false, false, false])
    },
  )
}

function sessions(embedded: Define): void {
  embedded('a block stays while a session has not followed past its end', async (under) => {
    const { store } = under
    const block = newBlock()
    let at = await newVolume(store)
    await store.putBlocks(at.owner, [block])
    at = await apply(store, at, { begins: [block.hash] })
    const behind = at.head.seq
    at = await apply(store, at, { ceases: [block.hash] })
    const lease = { key: `session/${at.volume}/${newUuid()}`, holder: newUuid() }
    const other = { key: `session/${at.volume}/${newUuid()}`, holder: newUuid() }
    await under.pass(unnamedMsMax + 1000)
    const say = async (one: typeof lease, seq: number, pins: readonly Hash[] = []) => {
      const held = await store.acquireLease(
        { ...one, value: JSON.stringify({ seq, pins }) },
        60_000,
      )
      assert.ok(held.held)
      await under.sweep()
    }
    await store.acquireLease({ ...lease, value: 'not JSON' }, 60_000)
    await say(other, at.head.seq)
    assert.deepEqual(await present(store, at.owner, [block.hash]), [true])
    await say(lease, behind)
    assert.deepEqual(await present(store, at.owner, [block.hash]), [true])
    await say(lease, at.head.seq, [block.hash])
    assert.deepEqual(await present(store, at.owner, [block.hash]), [true])
    await say(lease, at.head.seq)
    assert.deepEqual(await present(store, at.owner, [block.hash]), [false])
    await store.releaseLease(lease.key, lease.holder)
    await store.releaseLease(other.key, other.holder)
  })

  embedded('each volume that ceased to name a block waits for its own sessions', async (under) => {
    const { store } = under
    const block = newBlock()
    let first = await newVolume(store)
    let second = await newVolume(store, [], { owner: first.owner })
    await store.putBlocks(first.owner, [block])
    first = await apply(store, first, { begins: [block.hash] })
    second = await apply(store, second, { begins: [block.hash] })
    const lease = { key: `session/${second.volume}/${newUuid()}`, holder: newUuid() }
    second = await apply(store, second, { ceases: [block.hash] })
    await apply(store, first, { ceases: [block.hash] })
    await under.pass(unnamedMsMax + 1000)
    const behind = JSON.stringify({ seq: second.head.seq - 1, pins: [] })
    await store.acquireLease({ ...lease, value: behind }, 60_000)
    await under.sweep()
    assert.deepEqual(await present(store, first.owner, [block.hash]), [true])
    await store.releaseLease(lease.key, lease.holder)
    await under.sweep()
    assert.deepEqual(await present(store, first.owner, [block.hash]), [false])
  })

  embedded('a pinned manifest keeps its blocks', async (under) => {
    const { store } = under
    const piece = newBlock()
    const manifest = newBlock(64, [piece.hash])
    let at = await newVolume(store)
    await store.putBlocks(at.owner, [piece, manifest])
    at = await apply(store, at, { begins: [manifest.hash] })
    at = await apply(store, at, { ceases: [manifest.hash] })
    await under.pass(unnamedMsMax + 1000)
    const lease = { key: `session/${at.volume}/${newUuid()}`, holder: newUuid() }
    const value = JSON.stringify({ seq: at.head.seq, pins: [manifest.hash] })
    await store.acquireLease({ ...lease, value }, 60_000)
    await under.sweep()
    const hashes = [piece.hash, manifest.hash]
    assert.deepEqual(await present(store, at.owner, hashes), [true, true])
    await store.releaseLease(lease.key, lease.holder)
    await under.sweep()
    assert.deepEqual(await present(store, at.owner, hashes), [false, false])
  })
}
