/** Files that become others between being looked at and being opened: told, and never copied as what they were. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, beforeEach, test } from 'node:test'
import { copyTree } from '../../src/maintenance/transfer/copy-tree.js'
import type { Folder } from '../../src/maintenance/transfer/folder.js'
import { LocalFolder } from '../../src/maintenance/transfer/local-folder.js'
import { packArchive } from '../../src/maintenance/transfer/pack-archive.js'
import { ByteSource } from '../../src/maintenance/transfer/tar/byte-source.js'
import { readArchive } from '../../src/maintenance/transfer/tar/read-archive.js'
import { toldTransfer } from './told-transfer.js'

const large = 600_000
let root = ''
const inside = (...names: string[]) => join(root, ...names)

before(() => {
  root = mkdtempSync(join(tmpdir(), 'cassfs-changing-'))
})
after(() => rmSync(root, { recursive: true }))
beforeEach(() => {
  for (const name of ['from', 'to']) {
    rmSync(inside(name), { recursive: true, force: true })
    mkdirSync(inside(name))
  }
  writeFileSync(inside('from', 'grown'), 'a')
  writeFileSync(inside('from', 'large'), Buffer.alloc(large, 'a'))
  writeFileSync(inside('from', 'other'), 'before')
  writeFileSync(inside('from', 'sound'), 'sound')
  utimesSync(inside('from', 'other'), 1e9, 1e9)
})

/** What somebody does at the worst moment; the last one keeps its size and time. */
function change(name: string): void {
  if (name === 'grown' || name === 'large') appendFileSync(inside('from', name), 'b')
  if (name !== 'other') return
  writeFileSync(inside('new'), 'behind')
  utimesSync(inside('new'), 1e9, 1e9)
  renameSync(inside('new'), inside('from', 'other'))
}

/** The folder, with each file changed just before it is opened. */
function changing(folder: Folder): Folder {
  const read: Folder['read'] = (name) => {
    change(name)
    return folder.read(name)
  }
  return new Proxy(folder, {
    get(target, key) {
      if (key === 'read') return read
      const value = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

async function withFolders(work: (from: Folder, to: LocalFolder) => Promise<void>) {
  const from = LocalFolder.open(inside('from'), () => undefined)
  const to = LocalFolder.open(inside('to'), () => undefined)
  try {
    await work(changing(from), to)
  } finally {
    from.close()
    to.close()
  }
}

test('a copy keeps what was there, and leaves nothing of the file that changed', async () => {
  writeFileSync(inside('to', 'grown'), 'kept')
  const problems: string[] = []
  await withFolders((from, to) => copyTree(from, to, toldTransfer(problems)))
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]).sort(),
    ['grown', 'large', 'other'],
    problems.join('\n'),
  )
  assert.match(problems[0] ?? '', /EBUSY/)
  assert.deepEqual(readdirSync(inside('to')).sort(), ['grown', 'sound'])
  assert.equal(readFileSync(inside('to', 'grown'), 'utf8'), 'kept')
})

test('an archive has the files that did not change, and is whole', async () => {
  const problems: string[] = []
  const found: string[] = []
  await withFolders(async (from) => {
    const bytes = Readable.from(packArchive(from, toldTransfer(problems)), { objectMode: false })
    for await (const { path } of readArchive(new ByteSource(bytes))) found.push(path)
  })
  assert.deepEqual(problems.map((problem) => problem.split(':')[0]).sort(), [
    'grown',
    'large',
    'other',
  ])
  assert.deepEqual(found, ['./', 'sound'])
})
