/** A transfer done again: what is the same stays, what differs is replaced whole, what is gone goes where asked. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { TransferInterrupted } from '../../src/maintenance/transfer/transfer.js'
import { folderInVolume } from '../../src/maintenance/transfer/volume-paths.js'
import { createTree, differences, listTree } from '../support/tree.js'
import { openTransferVolume, type TransferVolume } from './transfer-volume.js'

let volume: TransferVolume
let count = 0
let tree = ''
let to = ''
const inside = (name: string) => join(tree, name)

before(async () => {
  volume = await openTransferVolume()
})
after(() => volume.close())
beforeEach(() => {
  tree = join(volume.folder, `tree${++count}`)
  to = `/copy${count}`
  createTree(tree, { seed: count, directories: 3, filesEach: 4 })
})

async function assertEqualToTree(): Promise<void> {
  const out = join(volume.folder, `out${count}-${process.hrtime.bigint()}`)
  mkdirSync(out)
  await volume.exportFolder(to, out)
  assert.equal(differences(listTree(out), listTree(tree)), '')
}

describe('an import done again', () => {
  test('changes nothing where nothing changed', async () => {
    const first = await volume.importFolder(tree, to)
    const { seq } = volume.volume.status().replica
    const { counts, changes } = await volume.importFolder(tree, to)
    assert.deepEqual(changes, [])
    const { files, links, hardLinks } = first.counts
    assert.equal(counts.unchanged, files + links + hardLinks)
    await volume.vfs.settle()
    const now = volume.volume.status().replica
    assert.ok(now.seq >= seq)
  })

  test('replaces what changed and gives what only has other attributes these', async () => {
    await volume.importFolder(tree, to)
    writeFileSync(inside('file.0'), 'another content')
    chmodSync(inside('file.2'), 0o4755)
    unlinkSync(inside('dangling-link'))
    symlinkSync('elsewhere', inside('dangling-link'))
    const { counts, changes } = await volume.importFolder(tree, to)
    assert.deepEqual([...changes].sort(), [
      'attributes file.2',
      'replace dangling-link',
      'replace file.0',
      'replace hard-link',
    ])
    assert.deepEqual([counts.files, counts.attributes, counts.hardLinks], [1, 1, 1])
    await assertEqualToTree()
  })

  test('finds bytes that changed under the same size and time when asked to compare them', async () => {
    writeFileSync(inside('sly'), 'before')
    utimesSync(inside('sly'), 1e9, 1e9)
    await volume.importFolder(tree, to)
    writeFileSync(inside('sly'), 'behind')
    utimesSync(inside('sly'), 1e9, 1e9)
    assert.deepEqual((await volume.importFolder(tree, to)).changes, [])
    const { changes, counts } = await volume.importFolder(tree, to, { compare: 'bytes' })
    assert.deepEqual(changes, ['replace sly'])
    assert.equal(counts.files, 1)
    await assertEqualToTree()
  })

  test('compares holes as zeros', async () => {
    writeFileSync(inside('zeros'), Buffer.alloc(3_000_000))
    await volume.importFolder(tree, to)
    unlinkSync(inside('zeros'))
    writeFileSync(inside('zeros'), '')
    const { truncateSync } = await import('node:fs')
    truncateSync(inside('zeros'), 3_000_000)
    const { changes } = await volume.importFolder(tree, to, { compare: 'bytes' })
    assert.deepEqual(changes, ['attributes zeros'])
  })

  test('takes links apart that are none any more', async () => {
    await volume.importFolder(tree, to)
    const [content, { mtimeMs }] = [readFileSync(inside('file.0')), statSync(inside('file.0'))]
    unlinkSync(inside('hard-link'))
    writeFileSync(inside('hard-link'), content)
    chmodSync(inside('hard-link'), statSync(inside('file.0')).mode)
    utimesSync(inside('hard-link'), mtimeMs / 1000, mtimeMs / 1000)
    await volume.importFolder(tree, to)
    await assertEqualToTree()
  })

  test('links what has become a link', async () => {
    await volume.importFolder(tree, to)
    unlinkSync(inside('file.1'))
    linkSync(inside('file.2'), inside('file.1'))
    await volume.importFolder(tree, to)
    await assertEqualToTree()
  })

  test('removes what is gone only where asked, and nothing beside the destination', async () => {
    await volume.importFolder(tree, `${to}/a`)
    await volume.importFolder(tree, `${to}/b`)
    rmSync(inside('file.0'))
    const folder = listTree(tree).flatMap((line) => /^"\/([^/"]*d\d)" dir/.exec(line)?.[1] ?? [])[0]
    assert.ok(folder)
    rmSync(inside(folder), { recursive: true })
    assert.equal((await volume.importFolder(tree, `${to}/a`)).counts.removed, 0)
    const { counts, changes } = await volume.importFolder(tree, `${to}/a`, { delete: true })
    assert.ok(counts.removed > 2)
    assert.ok(changes.includes('remove file.0') && changes.includes(`remove ${folder}`))
    const names = await (await folderInVolume(volume.vfs, `${to}/b`)).names()
    assert.ok(names.includes('file.0') && names.includes(folder))
    to = `${to}/a`
    await assertEqualToTree()
  })

  test('replaces folders by files and files by folders', async () => {
    mkdirSync(inside('folder'))
    writeFileSync(inside('folder/inner'), 'x')
    await volume.importFolder(tree, to)
    rmSync(inside('folder'), { recursive: true })
    writeFileSync(inside('folder'), 'a file now')
    rmSync(inside('file.1'))
    mkdirSync(inside('file.1'))
    await assert.rejects(volume.importFolder(tree, to), /folder that is not empty/)
    await volume.importFolder(tree, to, { delete: true })
    await assertEqualToTree()
  })

  test('of a dry run changes nothing and tells the same', async () => {
    await volume.importFolder(tree, to)
    writeFileSync(inside('new'), 'x'.repeat(100))
    rmSync(inside('file.1'))
    const dry = await volume.importFolder(tree, to, { dryRun: true, delete: true })
    const again = await volume.importFolder(tree, to, { dryRun: true, delete: true })
    const real = await volume.importFolder(tree, to, { delete: true })
    for (const { changes, counts } of [dry, again, real]) {
      assert.deepEqual([...changes].sort(), ['make new', 'remove file.1'])
      assert.deepEqual(counts, dry.counts)
    }
  })

  test('goes on where it was interrupted', async () => {
    let asked = 0
    const signal = Object.create(new AbortController().signal, {
      aborted: { get: () => ++asked > 25 },
    })
    const stopped = volume.importFolder(tree, to, { filesAtOnce: 1, signal })
    await assert.rejects(stopped, TransferInterrupted)
    const { counts } = await volume.importFolder(tree, to)
    assert.ok(counts.unchanged > 0 && counts.files > 0, JSON.stringify(counts))
    await assertEqualToTree()
  })
})

test('an export done again updates the folder in the same way', async () => {
  await volume.importFolder(tree, to)
  const out = join(volume.folder, `updated${count}`)
  mkdirSync(out)
  await volume.exportFolder(to, out)
  assert.deepEqual((await volume.exportFolder(to, out)).changes, [])
  writeFileSync(join(out, 'file.0'), 'changed here')
  writeFileSync(join(out, 'extra'), 'only here')
  renameSync(join(out, 'file.1'), join(out, 'moved'))
  const { changes } = await volume.exportFolder(to, out, { delete: true })
  assert.deepEqual([...changes].sort(), [
    'make file.1',
    'remove extra',
    'remove moved',
    'replace file.0',
    'replace hard-link',
  ])
  assert.equal(differences(listTree(out), listTree(tree)), '')
})

test('set-id bits never come to bytes that somebody else put there', async () => {
  writeFileSync(inside('tool'), 'true')
  chmodSync(inside('tool'), 0o4755)
  utimesSync(inside('tool'), 1e9, 1e9)
  await volume.importFolder(tree, to)
  const out = join(volume.folder, `rights${count}`)
  mkdirSync(out)
  writeFileSync(join(out, 'tool'), 'evil')
  chownSync(join(out, 'tool'), 4321, 4321)
  utimesSync(join(out, 'tool'), 1e9, 1e9)
  const { changes } = await volume.exportFolder(to, out)
  assert.ok(changes.includes('replace tool'))
  assert.equal(readFileSync(join(out, 'tool'), 'utf8'), 'true')
  assert.equal(statSync(join(out, 'tool')).mode & 0o7777, 0o4755)
})

test('a file is there whole or not at all while it is replaced', async () => {
  const [one, other] = [Buffer.alloc(3_000_000, 'a'), Buffer.alloc(3_000_000, 'b')]
  writeFileSync(inside('large'), one)
  await volume.importFolder(tree, to)
  writeFileSync(inside('large'), other)
  const importing = volume.importFolder(tree, to)
  let isOver = false
  const ended = importing.finally(() => {
    isOver = true
  })
  const folder = await folderInVolume(volume.vfs, to)
  const seen = new Set<string>()
  while (!isOver) {
    const content = await folder.read('large')
    const parts: Buffer[] = []
    for await (const { bytes } of content.pieces()) parts.push(Buffer.from(bytes))
    await content.close()
    const whole = Buffer.concat(parts)
    seen.add(whole.equals(one) ? 'before' : whole.equals(other) ? 'after' : 'a mix')
    await new Promise((resolve) => setImmediate(resolve))
  }
  await ended
  assert.ok(seen.has('before'))
  assert.ok(!seen.has('a mix'))
})

test('what a killed transfer left is removed later, and never what is under way', async () => {
  const out = join(volume.folder, `left${count}`)
  mkdirSync(out)
  const [old, young] = ['.cassfs-0123456789abcdef.tmp', '.cassfs-0123456789abcde0.tmp']
  await volume.importFolder(tree, to)
  const folder = await folderInVolume(volume.vfs, to)
  const entry = await folder.look('file.0')
  assert.ok(entry)
  for (const name of [old, young])
    await folder.makeFile(name, { ...entry, size: 0 }, (async function* () {})(), false)
  const realNow = Date.now
  try {
    await volume.importFolder(tree, to)
    assert.ok((await folder.names()).includes(old))
    Date.now = () => realNow() + 3_600_000
    await volume.importFolder(tree, to)
  } finally {
    Date.now = realNow
  }
  assert.ok(!(await folder.names()).includes(old))
})
