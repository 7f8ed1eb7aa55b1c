import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  close,
  isErrno,
  names,
  openTestVfs,
  readAll,
  readFile,
  root,
  type TestVfs,
  user,
  writeFile,
} from '../../test/vfs/test-vfs.js'
import { createUnreliableStore } from '../../test/vfs/unreliable-store.js'
import { Errno, FsError } from '../posix/errno.js'
import { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY } from '../posix/open-flags.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import { rootIno } from '../volume/inode.js'
import { type Invalidation, RenameFlag } from './vfs.js'

const create = O_RDWR | O_CREAT
const seed = Number(process.env.CASSFS_TEST_SEED ?? Date.now() % 2 ** 31)

/** Two mounts of one volume, each over a line of its own that delays and loses answers. */
async function withTwo(body: (a: TestVfs, b: TestVfs) => Promise<void>): Promise<void> {
  const store = createMemoryStore()
  const line = (n: number) => ({
    seed: seed + n,
    delayMsMax: 3,
    unknownCommits: 0.05,
    remote: true,
  })
  const a = await openTestVfs({ store: createUnreliableStore(store, line(0)) })
  const { identity } = a
  const b = await openTestVfs({ store: createUnreliableStore(store, line(1)), identity })
  try {
    await body(a, b)
  } finally {
    await a.close()
    await b.close()
  }
}

function errnoOf(result: PromiseSettledResult<unknown> | undefined): number | undefined {
  const reason = result?.status === 'rejected' ? result.reason : undefined
  return reason instanceof FsError ? reason.errno : undefined
}

test(`what one mount closed the other opens, after following the log (seed ${seed})`, async () => {
  await withTwo(async (a, b) => {
    await writeFile(a.vfs, rootIno, 'f', 'from a')
    await b.replica.poll()
    assert.equal(await readFile(b.vfs, rootIno, 'f'), 'from a')
    await writeFile(b.vfs, rootIno, 'f', 'from b, longer')
    await a.replica.poll()
    assert.equal(await readFile(a.vfs, rootIno, 'f'), 'from b, longer')
  })
})

test('of two exclusive creates of one name, one is EEXIST', async () => {
  await withTwo(async (a, b) => {
    const attempt = ({ vfs }: TestVfs, flags: number) =>
      Promise.resolve(vfs.create(root, rootIno, 'lock', 0o644, create | flags))
    const results = await Promise.allSettled([attempt(a, O_EXCL), attempt(b, O_EXCL)])
    const failed = results.filter((result) => result.status === 'rejected')
    assert.equal(failed.length, 1)
    assert.equal(errnoOf(failed[0]), Errno.EEXIST)
  })
})

test('a create without O_EXCL that lost the race opens the file that is there', async () => {
  await withTwo(async (a, b) => {
    const made = await a.vfs.create(root, rootIno, 'f', 0o644, create)
    await a.vfs.write(root, made.handle, 0, Buffer.from('first'))
    await close(a.vfs, made.handle)
    const bound = await b.vfs.create(root, rootIno, 'f', 0o600, create)
    assert.equal(bound.created, false)
    assert.equal(bound.inode.ino, made.inode.ino)
    assert.equal(await readAll(b.vfs, bound.handle), 'first')
    await close(b.vfs, bound.handle)
    const refused = async () => b.vfs.create(user(1000), rootIno, 'f', 0o600, create)
    await b.vfs.setattr(root, rootIno, { mode: 0o777 })
    await assert.rejects(refused, isErrno(Errno.EACCES))
  })
})

test('a file that another mount unlinks stays for who has it open here', async () => {
  await withTwo(async (a, b) => {
    const { ino } = await writeFile(a.vfs, rootIno, 'f', 'stays')
    await b.replica.poll()
    const handle = await b.vfs.open(root, ino, O_RDWR)
    await b.vfs.write(root, handle, 5, Buffer.from(' here'))
    await a.vfs.unlink(root, rootIno, 'f')
    await b.replica.poll()
    assert.equal(await b.vfs.lookup(root, rootIno, 'f'), undefined)
    assert.equal(await readAll(b.vfs, handle), 'stays here')
    await b.vfs.fsync(root, handle, false)
    assert.equal((await b.vfs.getattr(root, ino)).nlink, 0)
    await close(b.vfs, handle)
    assert.equal(b.vfs.status().orphans, 0)
  })
})

test('a file that another mount replaces keeps its bytes for who has it open here', async () => {
  await withTwo(async (a, b) => {
    const { ino } = await writeFile(a.vfs, rootIno, 'f', 'old')
    await b.replica.poll()
    const handle = await b.vfs.open(root, ino, O_RDONLY)
    await writeFile(a.vfs, rootIno, 'tmp', 'new')
    await a.vfs.rename(root, rootIno, 'tmp', rootIno, 'f', 0)
    await b.replica.poll()
    assert.equal(await readAll(b.vfs, handle), 'old')
    assert.equal(await readFile(b.vfs, rootIno, 'f'), 'new')
    await close(b.vfs, handle)
  })
})

test('two mounts that write different ranges of a file keep both', async () => {
  await withTwo(async (a, b) => {
    const { ino } = await writeFile(a.vfs, rootIno, 'f', '..........')
    await b.replica.poll()
    const first = await a.vfs.open(root, ino, O_WRONLY)
    const second = await b.vfs.open(root, ino, O_WRONLY)
    await a.vfs.write(root, first, 1, Buffer.from('aa'))
    await b.vfs.write(root, second, 6, Buffer.from('bb'))
    await Promise.all([close(a.vfs, first), close(b.vfs, second)])
    await a.replica.poll()
    await b.replica.poll()
    assert.equal(await readFile(a.vfs, rootIno, 'f'), '.aa...bb..')
    assert.equal(await readFile(b.vfs, rootIno, 'f'), '.aa...bb..')
  })
})

test('lines that two mounts append to one log are all there, each whole', async () => {
  await withTwo(async (a, b) => {
    const { ino } = await writeFile(a.vfs, rootIno, 'log', '')
    await b.replica.poll()
    const append = async ({ vfs }: TestVfs, who: string) => {
      const handle = await vfs.open(root, ino, O_WRONLY | O_APPEND)
      for (let i = 0; i < 20; i++) {
        await vfs.write(root, handle, 0, Buffer.from(`${who}${i};`))
        if (i % 3 === 0) await vfs.fsync(root, handle, false)
      }
      await close(vfs, handle)
    }
    await Promise.all([append(a, 'a'), append(b, 'b')])
    await a.replica.poll()
    await b.replica.poll()
    const log = await readFile(a.vfs, rootIno, 'log')
    assert.equal(await readFile(b.vfs, rootIno, 'log'), log)
    const lines = (log ?? '').split(';').slice(0, -1)
    for (const who of ['a', 'b'])
      assert.deepEqual(
        lines.filter((line) => line.startsWith(who)),
        Array.from({ length: 20 }, (_, i) => `${who}${i}`),
      )
    assert.equal(lines.length, 40)
  })
})

test('directories renamed into each other by two mounts never make a circle', async () => {
  await withTwo(async (a, b) => {
    const x = await a.vfs.mkdir(root, rootIno, 'x', 0o755)
    const y = await a.vfs.mkdir(root, rootIno, 'y', 0o755)
    await b.replica.poll()
    const results = await Promise.allSettled([
      Promise.resolve(a.vfs.rename(root, rootIno, 'x', y.ino, 'x', 0)),
      Promise.resolve(b.vfs.rename(root, rootIno, 'y', x.ino, 'y', 0)),
    ])
    const failed = results.filter((result) => result.status === 'rejected')
    assert.equal(failed.length, 1)
    assert.ok([Errno.EINVAL, Errno.ENOENT].some((errno) => errno === errnoOf(failed[0])))
    await a.replica.poll()
    assert.equal((await names(a.vfs, rootIno)).length, 1)
  })
})

test('an rmdir and a create in the same directory: one of them fails', async () => {
  await withTwo(async (a, b) => {
    const { ino } = await a.vfs.mkdir(root, rootIno, 'd', 0o755)
    await b.replica.poll()
    const [removed, made] = await Promise.allSettled([
      Promise.resolve(a.vfs.rmdir(root, rootIno, 'd')),
      Promise.resolve(b.vfs.mkdir(root, ino, 'e', 0o755)),
    ])
    assert.notEqual(removed.status, made.status)
    const failed = [removed, made].find((result) => result.status === 'rejected')
    assert.equal(errnoOf(failed), removed.status === 'rejected' ? Errno.ENOTEMPTY : Errno.ENOENT)
  })
})

test('RENAME_NOREPLACE is exclusive, RENAME_EXCHANGE swaps, over two mounts', async () => {
  await withTwo(async (a, b) => {
    for (const name of ['one', 'two']) await writeFile(a.vfs, rootIno, name, name)
    await b.replica.poll()
    const rename = ({ vfs }: TestVfs, name: string) =>
      Promise.resolve(vfs.rename(root, rootIno, name, rootIno, 'taken', RenameFlag.noReplace))
    const results = await Promise.allSettled([rename(a, 'one'), rename(b, 'two')])
    assert.equal(results.filter(({ status }) => status === 'rejected').length, 1)
    await a.replica.poll()
    const [other] = (await names(a.vfs, rootIno)).filter((name) => name !== 'taken')
    const before = await readFile(a.vfs, rootIno, 'taken')
    await a.vfs.rename(root, rootIno, 'taken', rootIno, other ?? '', RenameFlag.exchange)
    assert.equal(await readFile(a.vfs, rootIno, other ?? ''), before)
    assert.notEqual(await readFile(a.vfs, rootIno, 'taken'), before)
  })
})

test('what another mount changed is told once, and only of what was remembered', async () => {
  await withTwo(async (a, b) => {
    const { ino } = await writeFile(a.vfs, rootIno, 'f', 'old')
    const other = await writeFile(a.vfs, rootIno, 'g', 'other')
    await b.replica.poll()
    const told: Invalidation[] = []
    b.vfs.onInvalidate((invalidation) => told.push(invalidation))
    b.vfs.remember(rootIno, 1)
    b.vfs.remember(ino, 1)
    await writeFile(a.vfs, rootIno, 'f', 'newer')
    await writeFile(a.vfs, rootIno, 'g', 'not known there')
    await a.vfs.rename(root, rootIno, 'g', rootIno, 'h', 0)
    await b.replica.poll()
    const named = told.flatMap((one) => one.names)
    assert.deepEqual(named.map(({ name, before, after }) => [name, before, after]).sort(), [
      ['g', other.ino, 0],
      ['h', 0, other.ino],
    ])
    const inodes = told.flatMap((one) => one.inodes)
    assert.ok(inodes.some((one) => one.ino === ino && one.content))
    assert.ok(inodes.every((one) => one.ino === ino || one.ino === rootIno))
  })
})

test('a listing kept here shows what another mount changed', async () => {
  await withTwo(async (a, b) => {
    await writeFile(a.vfs, rootIno, 'f', '')
    await b.replica.poll()
    assert.deepEqual(await names(b.vfs, rootIno), ['f'])
    await a.vfs.rename(root, rootIno, 'f', rootIno, 'g', 0)
    await b.replica.poll()
    assert.deepEqual(await names(b.vfs, rootIno), ['g'])
  })
})

test('with entry_ttl=0 an open sees every change that was closed before, and a replaced file is ESTALE', async () => {
  const store = createMemoryStore()
  const a = await openTestVfs({ store })
  const b = await openTestVfs({
    store: createUnreliableStore(store, { seed, delayMsMax: 2, remote: true }),
    identity: a.identity,
    vfs: { pollAtOpen: true },
    replica: { entryTtlMs: 0 },
  })
  try {
    const { ino } = await writeFile(a.vfs, rootIno, 'f', 'one')
    await b.replica.poll()
    await writeFile(a.vfs, rootIno, 'f', 'two')
    const handle = await b.vfs.open(root, ino, O_RDONLY)
    assert.equal(await readAll(b.vfs, handle), 'two')
    await close(b.vfs, handle)
    b.vfs.remember(ino, 1)
    await writeFile(a.vfs, rootIno, 'tmp', 'three')
    await a.vfs.rename(root, rootIno, 'tmp', rootIno, 'f', 0)
    await assert.rejects(async () => b.vfs.open(root, ino, O_RDONLY), isErrno(Errno.ESTALE))
    assert.equal(await readFile(b.vfs, rootIno, 'f'), 'three')
  } finally {
    await b.close()
    await a.close()
  }
})

test('two file systems over one replica save into one file at the same time', async () => {
  // Two lost answers in a row would be an outage, in which one of the two is told EIO.
  const line = { seed, delayMsMax: 3, unknownCommits: 0, remote: true }
  const store = createUnreliableStore(createMemoryStore(), line)
  const first = await openTestVfs({ store })
  const { replica, content, identity } = first
  const second = await openTestVfs({ store, identity, vfs: { replica, content } })
  try {
    const { ino } = await writeFile(first.vfs, rootIno, 'f', '.'.repeat(20))
    const one = await first.vfs.open(root, ino, O_WRONLY)
    const two = await second.vfs.open(root, ino, O_WRONLY)
    for (let i = 0; i < 10; i++) {
      await first.vfs.write(root, one, i, Buffer.from('a'))
      await second.vfs.write(root, two, i + 10, Buffer.from('b'))
      await Promise.all([first.vfs.fsync(root, one, false), second.vfs.fsync(root, two, false)])
    }
    await close(first.vfs, one)
    await close(second.vfs, two)
    assert.equal(await readFile(second.vfs, rootIno, 'f'), `${'a'.repeat(10)}${'b'.repeat(10)}`)
  } finally {
    await second.vfs.close()
    await first.close()
    await second.close()
  }
})
