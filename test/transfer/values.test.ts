/** What the members of an archive say of owners, times and attributes, and what they leave out. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { folderInVolume } from '../../src/maintenance/transfer/volume-paths.js'
import { archive, member, pax } from './hand-made.js'
import { openTransferVolume, type TransferVolume } from './transfer-volume.js'

let volume: TransferVolume
let count = 0
before(async () => {
  volume = await openTransferVolume()
})
after(() => volume.close())

const fresh = () => `/fresh${++count}`
const streamOf = (bytes: Buffer) => Readable.from([bytes], { objectMode: false })

test('owners and times that nobody can have are a problem of their member', async () => {
  const bytes = archive(
    member({ name: 'below', uid: '\xff'.repeat(8) }),
    member({ name: 'beyond', uid: '\x80\0\0\x01\0\0\0\0' }),
    pax(['gid=4294967295']),
    member({ name: 'none' }),
    member({ name: 'late', mtime: '\x80\0\0\0\0\x08\0\0\0\0\0\0' }),
    member({ name: 'early', mtime: '\xff\xff\xff\xff\xff\xf0\0\0\0\0\0\0' }),
    pax(['uid=4294967294', 'mtime=-1.5']),
    member({ name: 'good' }),
  )
  const to = fresh()
  const { problems } = await volume.importArchive(streamOf(bytes), to, { keepGoing: true })
  assert.deepEqual(await (await folderInVolume(volume.vfs, to)).names(), ['good'])
  assert.match(problems[0] ?? '', /^below: .*nobody has the number -1$/)
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    ['below', 'beyond', 'none', 'late', 'early'],
  )
})

test('an empty value of an extended header is none; an attribute may be empty', async () => {
  const bytes = archive(
    pax(['gid=7', 'path=global'], 'g'),
    pax(['path=', 'gid=', 'mtime=', 'SCHILY.xattr.user.empty=', 'SCHILY.xattr.user.a%3Db%253D=c']),
    member({ name: 'named' }),
  )
  const to = fresh()
  await volume.importArchive(streamOf(bytes), to)
  const entry = await (await folderInVolume(volume.vfs, to)).look('named')
  assert.equal(entry?.gid, 0)
  assert.deepEqual(
    [...(entry?.xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString()]).sort(),
    [
      ['user.a=b%3D', 'c'],
      ['user.empty', ''],
    ],
  )
})

test('folders that only names tell of belong to who unpacks', async () => {
  const before = process.getegid?.() ?? 0
  if (before === 0) process.setegid?.(4321)
  try {
    const to = fresh()
    await volume.importArchive(streamOf(archive(member({ name: 'implied/file' }))), to)
    const entry = await (await folderInVolume(volume.vfs, to)).look('implied')
    assert.deepEqual([entry?.uid, entry?.gid], [process.geteuid?.(), process.getegid?.()])
  } finally {
    if (before === 0) process.setegid?.(before)
  }
})
