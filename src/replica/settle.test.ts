import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  change,
  create,
  Fixture,
  isErrno,
  remote,
  unknown,
  withCalls,
  withCommits,
} from '../../test/simulation/replica-fixture.js'
import { treeRules } from '../../test/simulation/tree-rules.js'
import { Errno, FsError } from '../posix/errno.js'
import { type Commit, type CommitOutcome, StoreUnavailable } from '../store/store.js'
import { EntryKind } from '../volume/log-entry.js'
import type { ForeignChange } from './replica.js'

test('an unknown commit is sent again as it was, and counts once', async () => {
  for (const arrives of [true, false]) {
    const fixture = await Fixture.create()
    const sent: Commit[] = []
    const store = withCommits(remote(fixture.memory), async (commit, send) => {
      sent.push(commit)
      if (sent.length > 1) return send(commit)
      if (arrives) await send(commit)
      return unknown
    })
    const replica = await fixture.open(store)
    await fixture.wait(create(replica, 'a'))
    assert.equal(sent.length, 2)
    assert.equal(sent[0], sent[1])
    assert.equal(replica.head.seq, 1)
    assert.equal(replica.status().unknownOutcomes, 1)
    assert.equal((await fixture.memory.readLog(fixture.identity.volume, 0, 10)).length, 1)
  }
})

test('a poll that shows the own entry decides before any answer', async () => {
  const fixture = await Fixture.create()
  let commits = 0
  const store = withCommits(remote(fixture.memory), (commit, send) => {
    if (commits++ === 0) return send(commit).then(() => new Promise<CommitOutcome>(() => {}))
    return Promise.resolve(unknown)
  })
  const replica = await fixture.open(store)
  assert.ok(await fixture.wait(create(replica, 'a'), 3000))
  assert.equal(commits, 1)
})

test('what stays unknown is EIO after 15 s, then void, and a late ghost does nothing', async () => {
  const fixture = await Fixture.create()
  const ghosts: Commit[] = []
  let isDown = true
  const store = withCommits(remote(fixture.memory), async (commit, send) => {
    if (!isDown) return send(commit)
    ghosts.push(commit)
    return unknown
  })
  const replica = await fixture.open(store)
  const startMs = fixture.time.nowMs
  await assert.rejects(fixture.wait(create(replica, 'ghost')), isErrno(Errno.EIO))
  assert.equal(fixture.time.nowMs - startMs, 15_000)
  await fixture.pass(2000)
  isDown = false
  await fixture.pass(2000)
  assert.equal(replica.status().state, 'live')
  await fixture.wait(create(replica, 'later'))
  const [first, second] = await fixture.memory.readLog(fixture.identity.volume, 0, 10)
  assert.equal(first?.kind, EntryKind.void)
  assert.equal(second?.seq, 2)
  for (const ghost of ghosts) assert.equal((await fixture.memory.commit(ghost)).kind, 'refused')
  assert.equal(replica.lookup(1, 'ghost'), undefined)
  assert.equal(replica.status().voids, 1)
})

test('what was told EIO and had been done after all is told as a foreign change', async () => {
  const fixture = await Fixture.create()
  let isDown = true
  const store = withCalls(
    withCommits(remote(fixture.memory), async (commit, send) => {
      const outcome = await send(commit)
      return isDown ? unknown : outcome
    }),
    {
      async readLog(volume, after, limit) {
        if (isDown) throw new StoreUnavailable('down')
        return fixture.memory.readLog(volume, after, limit)
      },
    },
  )
  const replica = await fixture.open(store)
  const seen: ForeignChange[] = []
  replica.onForeignChange((one) => seen.push(one))
  const outcome = create(replica, 'a')
  await assert.rejects(fixture.wait(outcome), isErrno(Errno.EIO))
  assert.equal(replica.lookup(1, 'a'), undefined)
  isDown = false
  await fixture.pass(3000)
  const dirent = replica.lookup(1, 'a')
  assert.ok(dirent)
  assert.deepEqual(
    seen.flatMap(({ names }) => names),
    [{ parent: 1, name: 'a', before: 0, after: dirent.ino, directory: false }],
  )
})

test('a race that was lost is checked again: the errno may be another now', async () => {
  const fixture = await Fixture.create()
  const other = await fixture.open()
  let isFirst = true
  const store = withCommits(remote(fixture.memory), async (commit, send) => {
    if (isFirst) {
      isFirst = false
      await create(other, 'same')
    }
    return send(commit)
  })
  const replica = await fixture.open(store)
  const same = create(replica, 'same')
  const different = create(replica, 'different')
  await assert.rejects(fixture.wait(same), isErrno(Errno.EEXIST))
  assert.ok(await fixture.wait(different))
  assert.equal(replica.status().conflicts, 1)
  assert.equal(replica.lookup(1, 'same')?.ino, other.lookup(1, 'same')?.ino)
})

test('a race lost to an entry that has expired means a reload, not a wait for it', async () => {
  const fixture = await Fixture.create()
  const winner = await fixture.open()
  const replica = await fixture.open(remote(fixture.memory))
  await fixture.wait(create(winner, 'a'))
  fixture.memory.expireLog(fixture.identity.volume, winner.head.seq)
  await fixture.wait(create(replica, 'b'), 2000)
  assert.ok(replica.lookup(1, 'a'))
  assert.equal(replica.status().reloads, 1)
})

test('blocks that are missing are uploaded by those who name them, and the same batch sent', async () => {
  const fixture = await Fixture.create()
  const hash = 'ab'.repeat(32)
  const prepared: (ReadonlySet<string> | undefined)[] = []
  const sent: Commit[] = []
  const store = withCommits(remote(fixture.memory), async (commit, send) => {
    sent.push(commit)
    if (sent.length === 1) return { kind: 'missing', hashes: [hash] }
    return send({ ...commit, begins: [] })
  })
  const replica = await fixture.open(store, {
    rules: {
      prepare(intent, _namespace, { missing }) {
        if (missing) prepared.push(missing)
        return missing && intent.op === 'append' ? Promise.resolve() : undefined
      },
      apply(intent, draft) {
        if (intent.op !== 'append') return treeRules.apply(intent, draft)
        const inode = draft.inode(intent.ino)
        if (inode)
          draft.setInode({ ...inode, content: { kind: 'block', hash, length: 9 }, size: 9 })
        return intent.ino
      },
    },
  })
  const ino = await fixture.wait(Promise.resolve(replica.allocateIno()))
  const made = change(replica, { op: 'create', parent: 1, name: 'a', ino, exclusive: true })
  const saved = change(replica, { op: 'append', ino, text: '' })
  await fixture.wait(Promise.all([made, saved]))
  assert.deepEqual(prepared, [new Set([hash])])
  assert.equal(sent.length, 2)
  assert.equal(sent[0], sent[1])
  assert.deepEqual(sent[0]?.begins, [hash])
})

test('a volume that is gone is ESTALE, one that is frozen EROFS', async () => {
  const fixture = await Fixture.create()
  const gone = withCommits(remote(fixture.memory), async () => ({
    kind: 'refused',
    head: undefined,
  }))
  const replica = await fixture.open(gone)
  await assert.rejects(fixture.wait(create(replica, 'a')), isErrno(Errno.ESTALE))
  const frozen = withCommits(remote(fixture.memory), async ({ expect }) => ({
    kind: 'refused',
    head: { ...expect, state: 2 },
  }))
  const second = await fixture.open(frozen)
  await assert.rejects(fixture.wait(create(second, 'a')), isErrno(Errno.EROFS))
})

test('a full store is ENOSPC at once, and what removes goes on', async () => {
  const fixture = await Fixture.create()
  let isFull = false
  let refused = 0
  const store = withCommits(remote(fixture.memory), async (commit, send) => {
    if (!isFull || commit.entry.deletes.length > 0) return send(commit)
    refused++
    throw new FsError(Errno.ENOSPC, 'no space left')
  })
  const replica = await fixture.open(store)
  await fixture.wait(create(replica, 'a'))
  isFull = true
  const startMs = fixture.time.nowMs
  await assert.rejects(fixture.wait(create(replica, 'b')), isErrno(Errno.ENOSPC))
  assert.equal(fixture.time.nowMs, startMs)
  assert.equal(refused, 1)
  assert.equal(replica.status().state, 'live')
  await fixture.wait(change(replica, { op: 'unlink', parent: 1, name: 'a' }))
  assert.equal(replica.lookup(1, 'a'), undefined)
})

test('a full store does not decide a change whose outcome was unknown before', async () => {
  const fixture = await Fixture.create()
  let attempts = 0
  const store = withCommits(remote(fixture.memory), async (commit, send) => {
    if (++attempts === 1) {
      await send(commit)
      return unknown
    }
    if (attempts === 2) throw new FsError(Errno.ENOSPC, 'no space left')
    return send(commit)
  })
  const replica = await fixture.open(store)
  assert.ok(await fixture.wait(create(replica, 'a')))
  assert.equal((await fixture.memory.readLog(fixture.identity.volume, 0, 10)).length, 1)
})

test('a missing block that only a manifest of the batch names is uploaded again', async () => {
  const fixture = await Fixture.create()
  const { owner } = fixture.identity
  const [manifest, below] = ['a'.repeat(64), 'b'.repeat(64)]
  const block = { length: 3, encoding: 0, data: Buffer.from('abc') } as const
  await fixture.memory.putBlocks(owner, [{ ...block, hash: manifest, refs: [below] }])
  const prepared: string[][] = []
  const replica = await fixture.open(remote(fixture.memory), {
    rules: {
      prepare(_intent, _namespace, { missing }) {
        if (!missing) return undefined
        prepared.push([...missing])
        return fixture.memory.putBlocks(owner, [{ ...block, hash: below }])
      },
      apply(intent, draft) {
        if (intent.op !== 'append') return treeRules.apply(intent, draft)
        const inode = draft.inode(intent.ino)
        const content = { kind: 'manifest', hash: manifest, length: 3 } as const
        if (inode) draft.setInode({ ...inode, content, size: 3 })
        return intent.ino
      },
    },
  })
  const ino = await fixture.wait(create(replica, 'a'))
  await fixture.wait(change(replica, { op: 'append', ino, text: '' }))
  assert.deepEqual(prepared, [[below]])
  assert.equal(replica.inode(ino)?.content.kind, 'manifest')
})

test('a batch that cannot be decided fails with EIO, and the next one is sent', async () => {
  const fixture = await Fixture.create()
  const missing = new TypeError('not an outcome')
  let isBroken = true
  const store = withCommits(remote(fixture.memory), async (commit, send) => {
    if (!isBroken) return send(commit)
    isBroken = false
    return {
      get kind(): never {
        throw missing
      },
    }
  })
  const replica = await fixture.open(store)
  await assert.rejects(fixture.wait(create(replica, 'a')), (error) => {
    assert.ok(error instanceof FsError)
    assert.equal(error.errno, Errno.EIO)
    assert.equal(error.cause, missing)
    return true
  })
  assert.equal(replica.status().inFlight, false)
  assert.ok(await fixture.wait(create(replica, 'b')))
})
