import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  change,
  create,
  Fixture,
  mkdir,
  remote,
  type TreeReplica,
} from '../../test/simulation/replica-fixture.js'
import { textOf } from '../../test/simulation/tree-rules.js'
import type { Store } from '../store/store.js'
import type { Content, Inode } from '../volume/inode.js'
import { compareInode, diffNamespaces } from './foreign-diff.js'
import type { Namespace } from './namespace.js'
import type { ForeignChange } from './replica.js'

const S_IFDIR = 0o040000

const kinds: [string, (store: Store) => Store][] = [
  ['a copy of its own', remote],
  ['shared tables', (store) => store],
]

interface Scene {
  readonly fixture: Fixture
  readonly writer: TreeReplica
  readonly reader: TreeReplica
  readonly dir: number
  readonly file: number
  readonly other: number
  /** What the reader is told of one change by the writer; it has seen everything before. */
  told(work: Promise<unknown>): Promise<ForeignChange>
}

async function scene(wrap: (store: Store) => Store, isHeld = false): Promise<Scene> {
  const fixture = await Fixture.create()
  const writer = await fixture.open(wrap(fixture.memory))
  const options = isHeld ? { isHeld: () => true, limits: { cacheMax: 4 } } : {}
  const reader = await fixture.open(wrap(fixture.memory), options)
  const dir = await fixture.wait(mkdir(writer, 'dir'))
  const file = await fixture.wait(create(writer, 'file'))
  const other = await fixture.wait(create(writer, 'other'))
  await fixture.wait(change(writer, { op: 'append', ino: file, text: 'text' }))
  await fixture.wait(reader.poll())
  for (const name of ['dir', 'file', 'other', 'new', 'absent'])
    reader.inode(reader.lookup(1, name)?.ino ?? 1)
  const seen: ForeignChange[] = []
  reader.onForeignChange((one) => seen.push(one))
  return {
    fixture,
    writer,
    reader,
    dir,
    file,
    other,
    async told(work) {
      await fixture.wait(work)
      await fixture.wait(reader.poll())
      assert.equal(seen.length, 1)
      return seen[0] as ForeignChange
    },
  }
}

for (const [kind, wrap] of kinds) {
  test(`a new name was absent before (${kind})`, async () => {
    const { writer, told } = await scene(wrap)
    const made = create(writer, 'new')
    const { names, removed, reloaded } = await told(made)
    assert.deepEqual(names, [
      { parent: 1, name: 'new', before: 0, after: await made, directory: false },
    ])
    assert.deepEqual(removed, [])
    assert.equal(reloaded, false)
  })

  test(`attributes and content are told apart, and change no name (${kind})`, async () => {
    for (const isContent of [false, true]) {
      const { writer, told, file } = await scene(wrap)
      const { names, inodes } = await told(
        isContent
          ? change(writer, { op: 'append', ino: file, text: '!' })
          : change(writer, { op: 'chmod', ino: file, mode: 0o600 }),
      )
      assert.deepEqual(names, [])
      assert.deepEqual(inodes, [{ ino: file, content: isContent }])
    }
  })

  test(`a file that was never looked at is told as changed, not as renamed (${kind})`, async () => {
    const { fixture, writer, file } = await scene(wrap)
    const stranger = await fixture.open(wrap(fixture.memory))
    const seen: ForeignChange[] = []
    stranger.onForeignChange((one) => seen.push(one))
    await fixture.wait(change(writer, { op: 'append', ino: file, text: '!' }))
    await fixture.wait(stranger.poll())
    await fixture.wait(change(writer, { op: 'unlink', parent: 1, name: 'file' }))
    await fixture.wait(stranger.poll())
    assert.deepEqual(
      seen.map(({ names }) => names.length),
      [0, 1],
    )
    assert.ok(seen[0]?.inodes.some(({ ino }) => ino === file))
  })

  test(`an unlinked inode is handed over as it was (${kind})`, async () => {
    const { writer, reader, told, file } = await scene(wrap)
    const { names, inodes, removed } = await told(
      change(writer, { op: 'unlink', parent: 1, name: 'file' }),
    )
    assert.deepEqual(names, [{ parent: 1, name: 'file', before: file, after: 0, directory: false }])
    assert.deepEqual(inodes, [{ ino: 1, content: false }])
    assert.equal(removed.length, 1)
    assert.equal(removed[0]?.ino, file)
    assert.equal(removed[0] && textOf(removed[0]), 'text')
    assert.equal(reader.inode(file), undefined)
  })

  test(`a rename over a file: two names, and the file that was there is gone (${kind})`, async () => {
    const { writer, told, file, other } = await scene(wrap)
    const { names, removed } = await told(
      change(writer, { op: 'rename', parent: 1, name: 'file', toParent: 1, toName: 'other' }),
    )
    const byName = new Map(names.map((one) => [one.name, [one.before, one.after]]))
    assert.deepEqual(byName.get('file'), [file, 0])
    assert.deepEqual(byName.get('other'), [other, file])
    assert.deepEqual(
      removed.map(({ ino }) => ino),
      [other],
    )
  })

  test(`a renamed directory is marked as one (${kind})`, async () => {
    const { writer, told, dir } = await scene(wrap)
    const { names } = await told(
      change(writer, { op: 'rename', parent: 1, name: 'dir', toParent: 1, toName: 'new' }),
    )
    assert.ok(names.every(({ directory }) => directory))
    const byName = new Map(names.map((one) => [one.name, [one.before, one.after]]))
    assert.deepEqual(byName.get('dir'), [dir, 0])
    assert.deepEqual(byName.get('new'), [0, dir])
  })

  test(`one name of several gone: the inode stays, with fewer links (${kind})`, async () => {
    const { writer, reader, told, file } = await scene(wrap)
    const changes = (async () => {
      await change(writer, { op: 'link', ino: file, parent: 1, name: 'new' })
      await change(writer, { op: 'unlink', parent: 1, name: 'file' })
    })()
    const { names, inodes, removed } = await told(changes)
    assert.equal(names.length, 2)
    assert.deepEqual(removed, [])
    assert.ok(inodes.some((one) => one.ino === file && !one.content))
    assert.equal(reader.inode(file)?.nlink, 1)
  })

  test(`what is held open is told when it goes, however much was read since (${kind})`, async () => {
    const { writer, reader, told, file } = await scene(wrap, true)
    const names = Array.from({ length: 50 }, (_, at) => `n${at}`)
    for (const name of names) reader.lookup(1, name)
    const { removed } = await told(change(writer, { op: 'unlink', parent: 1, name: 'file' }))
    assert.deepEqual(
      removed.map(({ ino }) => ino),
      [file],
    )
  })
}

test('another length or another tail behind the same blocks is other content', async () => {
  const { writer, file } = await scene(remote)
  const inode = writer.inode(file) as Inode
  const hash = 'ab'.repeat(32)
  const withContent = (content: Content): Inode => ({ ...inode, size: 12, content })
  const tail = Buffer.from('tail')
  const before = withContent({ kind: 'block', hash, length: 8, tail })
  const contents: [Content, boolean][] = [
    [{ kind: 'block', hash, length: 8, tail: Buffer.from('TAIL') }, true],
    [{ kind: 'block', hash, length: 8 }, true],
    [{ kind: 'block', hash, length: 9, tail }, true],
    [{ kind: 'manifest', hash, length: 8, tail }, true],
    [{ kind: 'block', hash, length: 8, tail: Buffer.from('tail') }, false],
  ]
  for (const [content, isOther] of contents) {
    const changed: { ino: number; content: boolean }[] = []
    compareInode(file, before, { ...withContent(content), mode: inode.mode ^ 1 }, changed, [])
    assert.deepEqual(changed, [{ ino: file, content: isOther }])
  }
})

test('directories that form a cycle, in a damaged volume, are compared once each', async () => {
  const { writer, dir } = await scene(remote)
  const before: Namespace = writer
  const after: Namespace = {
    head: writer.head,
    inode: (ino) => writer.inode(ino),
    lookup: (parent, name) => writer.lookup(parent, name),
    list: (parent) =>
      parent === dir
        ? [{ name: 'self', ino: dir, type: S_IFDIR }]
        : writer.list(parent, undefined, 10),
    names: (ino) => writer.names(ino),
    parentOf: () => dir,
  }
  const { change: found } = diffNamespaces(before, after)
  assert.deepEqual(
    found.names.map(({ parent, name }) => [parent, name]),
    [[dir, 'self']],
  )
})
