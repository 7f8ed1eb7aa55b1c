import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newInode } from '../../test/simulation/tree-rules.js'
import { Errno, FsError } from '../posix/errno.js'
import type { Head } from '../volume/head.js'
import type { Dirent, Inode } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import type { Namespace } from './namespace.js'
import { Overlay } from './overlay.js'

const time = { sec: 1, nsec: 0 }
const file = (ino: number, size = 0): Inode => ({ ...newInode(ino, 0o100644, time), size })
const dirent = (ino: number): Dirent => ({ ino, type: 0o100000 })

/** The root with files of these names; inode numbers from 10 in order. */
function flat(names: readonly Name[], head: Partial<Head> = {}): Namespace {
  const inos = new Map(names.map((name, at) => [name, 10 + at]))
  const sorted = [...names].sort()
  return {
    head: {
      seq: 1,
      request: '',
      state: 1,
      usedBytes: 0,
      usedInodes: 1 + names.length,
      quotaBytes: 0,
      quotaInodes: 0,
      ...head,
    },
    inode(ino) {
      if (ino === 1) return newInode(1, 0o040755, time)
      return ino < 10 + names.length ? file(ino) : undefined
    },
    parentOf: () => 1,
    lookup: (parent, name) => {
      const ino = parent === 1 ? inos.get(name) : undefined
      return ino === undefined ? undefined : dirent(ino)
    },
    list: (_parent, after, limit) =>
      sorted
        .filter((name) => after === undefined || name > after)
        .slice(0, limit)
        .map((name) => ({ name, ...dirent(inos.get(name) ?? 0) })),
    names: (ino) => [...inos].flatMap(([name, at]) => (at === ino ? [{ parent: 1, name }] : [])),
  }
}

function namesOf(overlay: Overlay, limit: number): Name[] {
  const all: Name[] = []
  for (let after: Name | undefined; ; after = all.at(-1)) {
    const page = overlay.list(1, after, limit)
    all.push(...page.map(({ name }) => name))
    if (page.length < limit) return all
  }
}

test('a listing shows what was added and not what was removed, page by page, in order', () => {
  const overlay = new Overlay(flat(['b', 'd', 'f', 'h', 'j']))
  overlay.begin()
  for (const name of ['b', 'f', 'h']) {
    const before = overlay.lookup(1, name)
    overlay.unlink(1, name)
    overlay.removeInode(before?.ino ?? 0)
  }
  for (const [name, ino] of [
    ['a', 50],
    ['e', 51],
    ['z', 52],
    ['f', 53],
  ] as const) {
    overlay.setInode(file(ino))
    overlay.link(1, name, dirent(ino))
  }
  overlay.end()
  for (const limit of [1, 2, 3, 4, 100])
    assert.deepEqual(namesOf(overlay, limit), ['a', 'd', 'e', 'f', 'j', 'z'])
  assert.equal(overlay.lookup(1, 'f')?.ino, 53)
})

test('a step that is rolled back leaves nothing, one before it stays', () => {
  const overlay = new Overlay(flat(['a']))
  overlay.begin()
  overlay.setInode(file(20, 5))
  overlay.link(1, 'kept', dirent(20))
  overlay.end()
  overlay.begin()
  overlay.setInode(file(20, 100))
  overlay.unlink(1, 'kept')
  overlay.unlink(1, 'a')
  overlay.setInode(file(21, 7))
  overlay.link(1, 'kept', dirent(21))
  overlay.rollback()
  assert.deepEqual(namesOf(overlay, 10), ['a', 'kept'])
  assert.equal(overlay.lookup(1, 'kept')?.ino, 20)
  assert.equal(overlay.inode(20)?.size, 5)
  assert.deepEqual(overlay.names(20), [{ parent: 1, name: 'kept' }])
  assert.deepEqual(overlay.added, { bytes: 5, inodes: 1 })
})

test('a step tells what it touched, and how that was before', () => {
  const overlay = new Overlay(flat(['a']))
  overlay.begin()
  overlay.setInode({ ...file(10), size: 3 })
  overlay.unlink(1, 'a')
  overlay.link(1, 'b', dirent(10))
  const touched = overlay.end()
  assert.deepEqual([...touched.inodes.keys()], [10])
  assert.equal(touched.inodes.get(10)?.size, 0)
  assert.deepEqual(touched.dirents, [
    { parent: 1, name: 'a', before: 10 },
    { parent: 1, name: 'b', before: 0 },
  ])
  assert.deepEqual(overlay.names(10), [{ parent: 1, name: 'b' }])
})

test('names and inodes that do not fit are the fault of the rules, and refused', () => {
  const steps: [string, (overlay: Overlay) => void][] = [
    ['without a name', (overlay) => overlay.setInode(file(20))],
    ['without a name', (overlay) => overlay.unlink(1, 'a')],
    ['still has a name', (overlay) => overlay.removeInode(10)],
    ['cannot go back', (overlay) => overlay.setInode(file(10))],
  ]
  for (const [message, step] of steps) {
    const base = flat(['a'])
    const shared = message.includes('back')
    const overlay = new Overlay({
      ...base,
      inode: (ino) => (ino === 10 ? { ...file(ino), shared } : base.inode(ino)),
    })
    overlay.begin()
    step(overlay)
    assert.throws(() => overlay.end(), new RegExp(message))
  }
})

test('what replaces a file needs only the difference of the quota', () => {
  const overlay = new Overlay(flat(['a'], { usedBytes: 8, quotaBytes: 10, quotaInodes: 2 }))
  overlay.begin()
  overlay.setInode(file(20, 3))
  assert.throws(
    () => overlay.end(),
    (error) => error instanceof FsError && error.errno === Errno.EDQUOT,
  )
  overlay.rollback()
  overlay.begin()
  overlay.setInode(file(20, 2))
  overlay.unlink(1, 'a')
  overlay.removeInode(10)
  overlay.link(1, 'a', dirent(20))
  overlay.end()
  assert.equal(overlay.head.usedBytes, 10)
  assert.equal(overlay.head.usedInodes, 2)
})

test('whether a directory is empty whose many names were removed takes few listings of those beneath', () => {
  const names = Array.from({ length: 1200 }, (_, at) => `f${String(at).padStart(4, '0')}`)
  const beneath = flat(names)
  let listings = 0
  const counted = {
    ...beneath,
    list: (...args: Parameters<Namespace['list']>) => {
      listings++
      return beneath.list(...args)
    },
  }
  const overlay = new Overlay(counted)
  const isEmpty = () => overlay.list(1, undefined, 1).length === 0
  for (const [at, name] of names.entries()) {
    if (at === names.length - 1) assert.equal(isEmpty(), false)
    overlay.begin()
    overlay.unlink(1, name)
    overlay.removeInode(10 + at)
    overlay.end()
  }
  listings = 0
  assert.equal(isEmpty(), true)
  assert.ok(listings <= 3, `${listings} listings`)
})
