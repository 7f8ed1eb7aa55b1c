import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newInode } from '../../test/simulation/tree-rules.js'
import type { Content, Dirent, Inode } from '../volume/inode.js'
import { decodeDirent, decodeInode } from '../volume/inode-codec.js'
import { RecordKind } from '../volume/record.js'
import type { Namespace } from './namespace.js'
import { encodedValue, mergeWrites, namedHashChanges, recordWrites } from './records.js'

const time = { sec: 1, nsec: 0 }
const file = (ino: number, shared = false): Inode => ({ ...newInode(ino, 0o100644, time), shared })

/** A namespace that is nothing but these inodes and names in the root. */
function scene(inodes: readonly Inode[], names: Readonly<Record<string, number>>): Namespace {
  const known = new Map(inodes.map((inode) => [inode.ino, inode]))
  const lookup = (_parent: number, name: string): Dirent | undefined => {
    const ino = names[name]
    return ino === undefined ? undefined : { ino, type: 0o100000 }
  }
  return {
    head: undefined as never,
    inode: (ino) => known.get(ino),
    lookup,
    list: () => [],
    parentOf: () => 1,
    names: (ino) =>
      Object.entries(names).flatMap(([name, at]) => (at === ino ? [{ parent: 1, name }] : [])),
  }
}

test('an inode with one name stands in the record of the name', () => {
  const writes = recordWrites(scene([file(5)], { a: 5 }), {
    inodes: new Map([[5, file(5)]]),
    dirents: [],
  })
  assert.equal(writes.length, 1)
  const [write] = writes as [(typeof writes)[0]]
  assert.deepEqual([write.kind, write.parent, write.name], [RecordKind.dirent, 1, 'a'])
  const value = encodedValue(write)
  assert.deepEqual(value && decodeDirent(value).inode, file(5))
})

test('with a second name its attributes move to a record of their own, and stay there', () => {
  const shared = file(5, true)
  const first = recordWrites(scene([shared], { a: 5, b: 5 }), {
    inodes: new Map([[5, file(5)]]),
    dirents: [{ parent: 1, name: 'b', before: 0 }],
  })
  const byId = new Map(
    first.map((write) => [`${write.kind}/${write.parent}/${write.name}`, encodedValue(write)]),
  )
  assert.deepEqual([...byId.keys()].sort(), ['1/1/a', '1/1/b', '2/5/'])
  assert.deepEqual(decodeInode(5, byId.get('2/5/') as Uint8Array), shared)
  for (const id of ['1/1/a', '1/1/b'])
    assert.equal(decodeDirent(byId.get(id) as Uint8Array).inode, undefined)
  const later = recordWrites(scene([shared], { a: 5 }), {
    inodes: new Map([[5, shared]]),
    dirents: [{ parent: 1, name: 'b', before: 0 }],
  })
  assert.deepEqual(
    later.map(({ kind, name, value }) => [kind, name, value === undefined]),
    [
      [RecordKind.inode, '', false],
      [RecordKind.dirent, 'b', true],
    ],
  )
})

test('a shared inode that goes takes its record along; one that never was leaves nothing', () => {
  const gone = recordWrites(scene([], {}), {
    inodes: new Map([
      [5, file(5, true)],
      [6, undefined],
    ]),
    dirents: [{ parent: 1, name: 'a', before: 0 }],
  })
  assert.deepEqual(
    gone.map(({ kind, parent, value }) => [kind, parent, value]),
    [
      [RecordKind.inode, 5, undefined],
      [RecordKind.dirent, 1, undefined],
    ],
  )
})

test('of all writes of a key the last one counts', () => {
  const [one, two] = [Buffer.of(1), Buffer.of(2)]
  const write = (name: string, value: Uint8Array | undefined) =>
    ({ kind: RecordKind.dirent, parent: 1, name, value }) as const
  const { puts, deletes } = mergeWrites([
    write('a', one),
    write('b', one),
    write('a', undefined),
    write('b', undefined),
    write('b', two),
    write('c', undefined),
    write('c', one),
    write('c', undefined),
  ])
  assert.deepEqual(puts, [write('b', two)])
  assert.deepEqual(
    deletes.map(({ name }) => name),
    ['a', 'c'],
  )
})

test('hashes begin and cease to be named as often as inodes name them', () => {
  const hash = (digit: string): string => digit.repeat(64)
  const block = (digit: string): Content => ({ kind: 'block', hash: hash(digit), length: 1 })
  const withBlock = (digit: string): Inode => ({ ...file(5), content: block(digit) })
  const { begins, ceases } = namedHashChanges([
    { before: withBlock('a'), after: withBlock('b') },
    { before: withBlock('c'), after: { ...withBlock('c'), mode: 0o100600 } },
    { before: undefined, after: withBlock('d') },
    { before: undefined, after: withBlock('d') },
    { before: { ...withBlock('e'), xattrBlock: { hash: hash('f'), length: 1 } }, after: undefined },
  ])
  assert.deepEqual(begins, [hash('b'), hash('d'), hash('d')])
  assert.deepEqual(ceases, [hash('a'), hash('e'), hash('f')])
})
