import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  change,
  create,
  Fixture,
  isErrno,
  mkdir,
  remote,
  unknown,
  withCalls,
  withCommits,
} from '../../test/simulation/replica-fixture.js'
import { type TimedIntent, textOf, treeRules } from '../../test/simulation/tree-rules.js'
import { Errno, FsError } from '../posix/errno.js'
import { type Commit, StoreUnavailable } from '../store/store.js'
import { PrepareAgain, type Rules } from './replica.js'

test('a check that fails behind nothing is answered at once; one that changes nothing too', async () => {
  const fixture = await Fixture.create()
  const replica = await fixture.open()
  const ino = await fixture.wait(create(replica, 'a'))
  const again = { op: 'create', parent: 1, name: 'a', ino: 99, at } as const
  assert.throws(() => replica.change({ ...again, exclusive: true }), isErrno(Errno.EEXIST))
  assert.equal(replica.change({ ...again, exclusive: false }), ino)
  assert.equal(replica.head.seq, 1)
})

test('a check that fails because of what is not committed yet waits for that', async () => {
  const fixture = await Fixture.create()
  const other = await fixture.open()
  let isFirst = true
  const store = withCommits(remote(fixture.memory), async (commit, send) => {
    if (isFirst) {
      isFirst = false
      // Somebody else makes the directory a file: what is queued below cannot be.
      await create(other, 'd')
    }
    return send(commit)
  })
  const replica = await fixture.open(store)
  const made = mkdir(replica, 'd')
  const same = create(replica, 'd')
  const ends = await fixture.wait(Promise.allSettled([made, same]))
  for (const end of ends) assert.ok(end.status === 'rejected' && isErrno(Errno.EEXIST)(end.reason))
  assert.equal(replica.lookup(1, 'd')?.ino, other.lookup(1, 'd')?.ino)
})

test('while one batch is on its way, the next one gathers, and not more than a batch may hold', async () => {
  const fixture = await Fixture.create()
  const sizes: number[] = []
  const store = withCommits(remote(fixture.memory), async (commit, send) => {
    sizes.push(commit.entry.answers.length)
    await fixture.time.sleep(10)
    return send(commit)
  })
  const replica = await fixture.open(store)
  const inos: number[] = []
  for (let count = 0; count < 350; count++)
    inos.push(await fixture.wait(Promise.resolve(replica.allocateIno())))
  const changes = inos.map((ino, unique) => {
    const intent = {
      op: 'create',
      parent: 1,
      name: `f${unique}`,
      ino,
      exclusive: true,
      at,
    } as const
    return replica.change(intent, { answers: { mount: fixture.identity.volume, unique } })
  })
  await fixture.wait(Promise.all(changes))
  assert.deepEqual(sizes, [100, 100, 100, 50])
  assert.equal(replica.head.seq, 4)
  const head = await fixture.memory.readHead(fixture.identity.volume)
  assert.equal(head?.usedInodes, 351)
})

test('a batch ends where its records get too large', async () => {
  const fixture = await Fixture.create()
  const entries: number[] = []
  const store = withCommits(remote(fixture.memory), (commit, send) => {
    entries.push(commit.entry.puts.reduce((sum, { value }) => sum + value.length, 0))
    return send(commit)
  })
  const replica = await fixture.open(store)
  const inos: number[] = []
  for (let count = 0; count < 8; count++)
    inos.push(await fixture.wait(create(replica, `f${count}`)))
  entries.length = 0
  const text = 'x'.repeat(30_000)
  await fixture.wait(Promise.all(inos.map((ino) => change(replica, { op: 'append', ino, text }))))
  assert.equal(entries.length, 3)
})

test('each key of a batch has one statement, whatever was done to it', async () => {
  const fixture = await Fixture.create()
  const sent: Commit[] = []
  const store = withCommits(remote(fixture.memory), (commit, send) => {
    sent.push(commit)
    return send(commit)
  })
  const replica = await fixture.open(store)
  const a = await fixture.wait(create(replica, 'x'))
  const ino = await fixture.wait(Promise.resolve(replica.allocateIno()))
  sent.length = 0
  const changes = [
    change(replica, { op: 'append', ino: a, text: '1' }),
    change(replica, { op: 'unlink', parent: 1, name: 'x' }),
    change(replica, { op: 'create', parent: 1, name: 'x', ino, exclusive: true }),
    change(replica, { op: 'append', ino, text: '2' }),
    change(replica, { op: 'rename', parent: 1, name: 'x', toParent: 1, toName: 'y' }),
    change(replica, { op: 'rename', parent: 1, name: 'y', toParent: 1, toName: 'x' }),
  ]
  await fixture.wait(Promise.all(changes))
  const [commit] = sent
  assert.equal(sent.length, 1)
  const keys = [...(commit?.entry.puts ?? []), ...(commit?.entry.deletes ?? [])]
  const ids = keys.map(({ kind, parent, name }) => `${kind}/${parent}/${name}`)
  assert.deepEqual(ids.sort(), ['1/1/x', '1/1/y', '2/1/'])
  assert.equal(textOf(replica.inode(ino) as never), '2')
})

test('a quota is kept, by what is queued too, and what frees may always go on', async () => {
  const fixture = await Fixture.create({ quotaBytes: 10, quotaInodes: 3 })
  const replica = await fixture.open()
  const a = await fixture.wait(create(replica, 'a'))
  await fixture.wait(create(replica, 'b'))
  await assert.rejects(fixture.wait(create(replica, 'c')), isErrno(Errno.EDQUOT))
  const first = change(replica, { op: 'append', ino: a, text: '123456' })
  const second = change(replica, { op: 'append', ino: a, text: '123456' })
  const [fits, exceeds] = await fixture.wait(Promise.allSettled([first, second]))
  assert.equal(fits.status, 'fulfilled')
  assert.ok(exceeds.status === 'rejected' && isErrno(Errno.EDQUOT)(exceeds.reason))
  await fixture.wait(change(replica, { op: 'append', ino: a, text: '1234' }))
  await fixture.wait(change(replica, { op: 'unlink', parent: 1, name: 'a' }))
  assert.equal(replica.head.usedBytes, 0)
  await fixture.wait(create(replica, 'c'))
})

test('offline: changes fail at once, reads go on, and a probe ends it', async () => {
  const fixture = await Fixture.create()
  let isDown = false
  const down = async (): Promise<never> => {
    throw new StoreUnavailable('down')
  }
  const { memory } = fixture
  const store = withCalls(
    withCommits(remote(memory), (commit, send) =>
      isDown ? Promise.resolve(unknown) : send(commit),
    ),
    {
      readLog: (...args) => (isDown ? down() : memory.readLog(...args)),
      readHead: (volume) => (isDown ? down() : memory.readHead(volume)),
    },
  )
  const replica = await fixture.open(store)
  const ino = await fixture.wait(create(replica, 'a'))
  isDown = true
  await fixture.pass(5000)
  assert.equal(replica.status().state, 'offline')
  assert.equal(replica.ready(), undefined)
  assert.equal(replica.lookup(1, 'a')?.ino, ino)
  const append = { op: 'append', ino, text: 'x', at } as const
  assert.throws(() => replica.change(append), isErrno(Errno.EIO))
  isDown = false
  await fixture.pass(2000)
  assert.equal(replica.status().state, 'live')
  await fixture.wait(change(replica, { op: 'append', ino, text: 'x' }))
})

test('what is queued when the store goes away was certainly not done', async () => {
  const fixture = await Fixture.create()
  const replica = await fixture.open(withCommits(remote(fixture.memory), async () => unknown))
  const inos = [
    await fixture.wait(Promise.resolve(replica.allocateIno())),
    await fixture.wait(Promise.resolve(replica.allocateIno())),
  ]
  const startMs = fixture.time.nowMs
  const first = change(replica, {
    op: 'create',
    parent: 1,
    name: 'sent',
    ino: inos[0] ?? 0,
    exclusive: true,
  })
  await fixture.pass(0)
  const second = change(replica, {
    op: 'create',
    parent: 1,
    name: 'queued',
    ino: inos[1] ?? 0,
    exclusive: true,
  })
  await assert.rejects(fixture.wait(second), isErrno(Errno.EIO))
  assert.ok(fixture.time.nowMs - startMs < 1000)
  await assert.rejects(fixture.wait(first), isErrno(Errno.EIO))
  assert.equal(fixture.time.nowMs - startMs, 15_000)
})

/** Rules whose appends need something prepared for the text that the file has then. */
function preparingRules(prepared: string[]): Rules<TimedIntent & { transient?: string }> {
  return {
    prepare(intent, namespace) {
      if (intent.op !== 'append') return undefined
      const inode = namespace.inode(intent.ino)
      intent.transient = inode ? textOf(inode) : ''
      prepared.push(intent.transient)
      return Promise.resolve()
    },
    apply(intent, draft) {
      const inode = intent.op === 'append' ? draft.inode(intent.ino) : undefined
      if (inode && textOf(inode) !== intent.transient) throw new PrepareAgain()
      return treeRules.apply(intent, draft)
    },
  }
}

test('what does not fit what was prepared is prepared again, and nobody waits behind it', async () => {
  const fixture = await Fixture.create()
  const prepared: string[] = []
  const replica = await fixture.open(undefined, { rules: preparingRules(prepared) })
  const other = await fixture.open()
  const ino = await fixture.wait(create(replica, 'a'))
  await fixture.wait(other.poll())
  await fixture.wait(change(other, { op: 'append', ino, text: 'theirs ' }))
  const both = [
    change(replica, { op: 'append', ino, text: 'one ' }),
    change(replica, { op: 'append', ino, text: 'two ' }),
    create(replica, 'b'),
  ]
  await fixture.wait(Promise.all(both))
  const inode = replica.inode(ino)
  assert.ok(inode)
  assert.deepEqual(textOf(inode).split(' ').sort(), ['', 'one', 'theirs', 'two'])
  assert.ok(prepared.length > 3, String(prepared))
})

test('settled waits for all changes before it, and says where one could not be committed', async () => {
  const fixture = await Fixture.create()
  let isDown = false
  const store = withCommits(remote(fixture.memory), async (commit, send) => {
    await fixture.time.sleep(50)
    return isDown ? unknown : send(commit)
  })
  const replica = await fixture.open(store)
  await fixture.wait(replica.settled())
  const made = create(replica, 'a')
  const failing = create(replica, 'a')
  failing.catch(() => {})
  await fixture.wait(made)
  await fixture.wait(replica.settled())
  assert.equal(replica.status().queued, 0)
  isDown = true
  const lost = create(replica, 'b')
  lost.catch(() => {})
  await fixture.pass(0)
  await assert.rejects(fixture.wait(replica.settled()), isErrno(Errno.EIO))
})

test('close commits what is queued, and takes nothing more', async () => {
  const fixture = await Fixture.create()
  const store = withCommits(remote(fixture.memory), async (commit, send) => {
    await fixture.time.sleep(100)
    return send(commit)
  })
  const replica = await fixture.open(store)
  const ino = await fixture.wait(Promise.resolve(replica.allocateIno()))
  const made = change(replica, { op: 'create', parent: 1, name: 'a', ino, exclusive: true })
  const closed = replica.close(5000)
  assert.throws(() => replica.change({ op: 'chmod', ino: 1, mode: 0o700, at }), FsError)
  await fixture.wait(closed)
  assert.equal(await made, ino)
  assert.equal((await fixture.memory.readHead(fixture.identity.volume))?.seq, 1)
  assert.deepEqual(await fixture.memory.listLeases('session/'), [])
  assert.equal(replica.status().state, 'closed')
})

test('close does not wait longer than it may', async () => {
  const fixture = await Fixture.create()
  const replica = await fixture.open(withCommits(remote(fixture.memory), async () => unknown))
  const made = create(replica, 'a')
  made.catch(() => {})
  await fixture.pass(10)
  const startMs = fixture.time.nowMs
  await fixture.wait(replica.close(1000))
  assert.equal(fixture.time.nowMs - startMs, 1000)
  await assert.rejects(made, isErrno(Errno.EIO))
})
