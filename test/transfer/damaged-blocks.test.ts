/** A volume of which blocks are missing: everything else can be saved, as a folder and as an archive. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { copyTree } from '../../src/maintenance/transfer/copy-tree.js'
import { LocalFolder } from '../../src/maintenance/transfer/local-folder.js'
import { packArchive } from '../../src/maintenance/transfer/pack-archive.js'
import { ByteSource } from '../../src/maintenance/transfer/tar/byte-source.js'
import { readArchive } from '../../src/maintenance/transfer/tar/read-archive.js'
import { VolumeFolder } from '../../src/maintenance/transfer/volume-folder.js'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import type { Store, StoredBlock } from '../../src/store/store.js'
import type { Vfs } from '../../src/vfs/vfs.js'
import { type Hash, rootIno } from '../../src/volume/inode.js'
import { openTestVfs, root, writeFile } from '../vfs/test-vfs.js'
import { toldTransfer } from './told-transfer.js'

/** A store that knows which blocks were put last, and can lose them. */
function losing(store: Store) {
  const put: Hash[] = []
  const lost = new Set<Hash>()
  const losingStore = new Proxy(store, {
    get(target, key) {
      // As a store elsewhere: everything is asked for.
      if (key === 'getBlockSync') return undefined
      if (key === 'putBlocks')
        return (owner: never, blocks: readonly StoredBlock[], more: never) => {
          put.push(...blocks.map(({ hash }) => hash))
          return target.putBlocks(owner, blocks as never, more)
        }
      if (key === 'getBlocks')
        return async (owner: never, hashes: readonly Hash[]) => {
          const found = await target.getBlocks(owner, hashes)
          return found.map((block, at) => (lost.has(hashes[at] as Hash) ? undefined : block))
        }
      const value = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { store: losingStore, put, lost }
}

const contents = new Map(
  [30_000, 30_000, 1_000_000, 30_000].map((length, at) => [
    `file${at}`,
    randomBytes(length / 2).toString('hex'),
  ]),
)

/** A volume whose files 1 and 2 lack their last block, opened anew. */
async function withDamage(work: (vfs: Vfs) => Promise<void>): Promise<void> {
  const { store, put, lost } = losing(createMemoryStore())
  const writing = await openTestVfs({ store })
  try {
    for (const [name, text] of contents) {
      put.length = 0
      const { ino } = await writeFile(writing.vfs, rootIno, name, text)
      await writing.vfs.settle()
      if (name === 'file1') await writing.vfs.link(root, ino, rootIno, 'file4')
      if (name === 'file1' || name === 'file2') lost.add(put[0] as Hash)
    }
    await writing.vfs.settle()
  } finally {
    await writing.close()
  }
  const reading = await openTestVfs({ store, identity: writing.identity })
  try {
    await work(reading.vfs)
  } finally {
    await reading.close()
  }
}

const pathsOf = (problems: readonly string[]) =>
  [...new Set(problems.map((problem) => problem.split(':')[0]))].sort()

test('a folder gets all files but those', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cassfs-salvage-'))
  try {
    const problems: string[] = []
    await withDamage(async (vfs) => {
      const to = LocalFolder.open(folder, () => undefined)
      try {
        await copyTree(new VolumeFolder(vfs, rootIno), to, toldTransfer(problems))
      } finally {
        to.close()
      }
    })
    assert.match(problems[0] ?? '', /EIO: block .* is missing/)
    assert.deepEqual(pathsOf(problems), ['file1', 'file2', 'file4'])
    assert.deepEqual(readdirSync(folder).sort(), ['file0', 'file3'])
    assert.equal(readFileSync(join(folder, 'file3'), 'utf8'), contents.get('file3'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('an archive is whole; what is missing of a large file is zeros', async () => {
  const problems: string[] = []
  const found = new Map<string, string>()
  await withDamage(async (vfs) => {
    const packed = packArchive(new VolumeFolder(vfs, rootIno), toldTransfer(problems))
    const members = readArchive(new ByteSource(Readable.from(packed, { objectMode: false })))
    for (;;) {
      const { value, done } = await members.next()
      if (done) {
        assert.equal(value, true, 'it has its end mark')
        break
      }
      assert.equal(value.hardLink, undefined, 'no link to what is not there')
      const parts: Buffer[] = []
      for await (const { bytes } of value.pieces()) parts.push(Buffer.from(bytes))
      found.set(value.path, Buffer.concat(parts).toString('latin1'))
    }
  })
  assert.deepEqual(pathsOf(problems), ['file1', 'file2', 'file4'])
  assert.deepEqual([...found.keys()], ['./', 'file0', 'file2', 'file3'])
  for (const name of ['file0', 'file3']) assert.equal(found.get(name), contents.get(name))
  const [whole = '', saved = ''] = [contents.get('file2'), found.get('file2')]
  assert.equal(saved.length, whole.length)
  assert.ok(saved.endsWith('\0'))
})
