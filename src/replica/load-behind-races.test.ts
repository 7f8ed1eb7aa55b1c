// What others commit while a volume is being loaded.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  change,
  create,
  Fixture,
  isErrno,
  mkdir,
  remote,
  withCalls,
  withoutScan,
} from '../../test/simulation/replica-fixture.js'
import { textOf } from '../../test/simulation/tree-rules.js'
import { Errno } from '../posix/errno.js'
import { RecordKind } from '../volume/record.js'
import { NotLoaded, type Replica } from './replica.js'

/** Every volume is large for these replicas. */
const limits = { wholeInodesMax: 0, pageSize: 3 }

const text = (replica: Pick<Replica<never>, 'inode'>, ino: number): string => {
  const inode = replica.inode(ino)
  assert.ok(inode)
  return textOf(inode)
}

test('a page that is newer than the copy waits for the log, and what the log touched stays', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  const file = await fixture.wait(create(writer, 'file'))
  await fixture.wait(create(writer, 'going'))
  let hook: (() => Promise<unknown>) | undefined
  const store = withCalls(withoutScan(fixture.memory), {
    async scanDirectory(volume, parent, after, limit) {
      const page = await fixture.memory.scanDirectory(volume, parent, after, limit)
      const run = hook
      hook = undefined
      await run?.()
      return page
    },
  })
  const replica = await fixture.open(store, { limits })
  const before = replica.head.seq
  // One change before the page is read, two behind it.
  await fixture.wait(change(writer, { op: 'append', ino: file, text: 'a' }))
  hook = async () => {
    await change(writer, { op: 'append', ino: file, text: 'b' })
    await change(writer, { op: 'unlink', parent: 1, name: 'going' })
  }
  await fixture.wait(replica.load(new NotLoaded(1)))
  assert.equal(replica.head.seq, before + 3)
  assert.equal(text(replica, file), 'ab')
  assert.equal(replica.lookup(1, 'going'), undefined)
})

test('a directory that moved below what is not loaded is waited for, not made a circle', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  const a = await fixture.wait(mkdir(writer, 'a'))
  const b = await fixture.wait(mkdir(writer, 'b', a))
  const x = await fixture.wait(mkdir(writer, 'x', b))
  const s = await fixture.wait(mkdir(writer, 's'))
  const c = await fixture.wait(mkdir(writer, 'c', s))
  const d = await fixture.wait(mkdir(writer, 'd', c))
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const store = withCalls(remote(fixture.memory), {
    async scan(volume, after, limit) {
      if (after?.kind !== RecordKind.inode) await held
      return fixture.memory.scan(volume, after, limit)
    },
  })
  const replica = await fixture.open(store, { limits })
  for (const directory of [1, a, b]) await fixture.wait(replica.load(new NotLoaded(directory)))
  await fixture.wait(
    change(writer, { op: 'rename', parent: a, name: 'b', toParent: d, toName: 'b' }),
  )
  await fixture.wait(replica.poll())
  const circle = change(replica, { op: 'rename', parent: 1, name: 's', toParent: x, toName: 's' })
  await fixture.pass(100)
  release()
  await assert.rejects(fixture.wait(circle), isErrno(Errno.EINVAL))
  assert.equal(replica.parentOf(x), b)
})

test('a page that comes when everything is loaded brings nothing back', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  await fixture.wait(create(writer, 'going'))
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let scanned = false
  const store = withCalls(remote(fixture.memory), {
    async scanDirectory(volume, parent, after, limit) {
      const page = await fixture.memory.scanDirectory(volume, parent, after, limit)
      await held
      return page
    },
    async scan(volume, after, limit) {
      if (after?.kind !== RecordKind.inode) await fixture.time.sleep(100)
      scanned = true
      return fixture.memory.scan(volume, after, limit)
    },
  })
  const replica = await fixture.open(store, { limits })
  const loading = replica.load(new NotLoaded(1))
  await fixture.pass(2000)
  assert.ok(scanned && !replica.isLoading)
  await fixture.wait(change(writer, { op: 'unlink', parent: 1, name: 'going' }))
  await fixture.wait(replica.poll())
  release()
  await fixture.wait(loading)
  assert.deepEqual(replica.list(1, undefined, 10), [])
})

test('a page may show a commit that the log does not show yet', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  const file = await fixture.wait(create(writer, 'file'))
  let hidden = 0
  const store = withCalls(withoutScan(fixture.memory), {
    async readLog(volume, after, limit) {
      const entries = await fixture.memory.readLog(volume, after, limit)
      return hidden-- > 0 ? [] : entries
    },
  })
  const replica = await fixture.open(store, { limits })
  await fixture.wait(change(writer, { op: 'append', ino: file, text: 'x' }))
  hidden = 1
  await fixture.wait(replica.load(new NotLoaded(1)))
  assert.equal(replica.head.seq, writer.head.seq)
  assert.equal(text(replica, file), 'x')
})

test('who waits for everything is told when the replica is closed', async () => {
  const fixture = await Fixture.create()
  const replica = await fixture.open(withoutScan(fixture.memory), { limits })
  const waiting = replica.load(new NotLoaded(undefined))
  const told = assert.rejects(waiting, isErrno(Errno.EIO))
  await fixture.wait(replica.close(0))
  await fixture.wait(told)
})

test('nobody waits longer for everything than for a change', async () => {
  const fixture = await Fixture.create()
  const store = withCalls(withoutScan(fixture.memory), {
    async scan(volume, after, limit) {
      if (after?.kind !== RecordKind.inode) await fixture.time.sleep(4000)
      return fixture.memory.scan(volume, after, limit === 3 ? 1 : limit)
    },
  })
  const writer = await fixture.open()
  for (let count = 0; count < 9; count++) await fixture.wait(create(writer, `f${count}`))
  const replica = await fixture.open(store, { limits })
  const startMs = fixture.time.nowMs
  await assert.rejects(fixture.wait(replica.load(new NotLoaded(undefined))), isErrno(Errno.EIO))
  assert.equal(fixture.time.nowMs - startMs, 15_000)
  await fixture.pass(60_000)
  await fixture.wait(replica.load(new NotLoaded(undefined)))
  assert.equal(replica.isLoading, false)
})
