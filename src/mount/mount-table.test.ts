import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import {
  mountAt,
  parseMountTable,
  probeMount,
  readMountTable,
  resolveMountpoint,
} from './mount-table.js'

const text = [
  '22 27 0:21 / /proc rw,nosuid shared:12 - proc proc rw',
  '90 27 0:53 / /srv/my\\040site\\134x rw,nosuid,nodev shared:1 master:2 - fuse.cassfs cassfs rw,user_id=0',
  '91 90 0:54 / /srv/my\\040site\\134x rw - tmpfs none rw',
  '92 27 8:1 /sub /mnt rw - ext4 /dev/sda1 rw',
  'nonsense',
  '',
].join('\n')

test('a line of mountinfo, with and without optional fields', () => {
  const table = parseMountTable(text)
  assert.equal(table.length, 4)
  assert.deepEqual(table[1], {
    id: 90,
    parent: 27,
    device: '0:53',
    root: '/',
    mountpoint: '/srv/my site\\x',
    options: 'rw,nosuid,nodev',
    type: 'fuse.cassfs',
    source: 'cassfs',
  })
  assert.equal(table[3]?.root, '/sub')
})

test('of two mounts on one path the later covers', () => {
  const table = parseMountTable(text)
  assert.equal(mountAt(table, '/srv/my site\\x')?.type, 'tmpfs')
  assert.equal(mountAt(table, '/srv'), undefined)
})

test('this process sees a mount on / and on /proc', async () => {
  const table = await readMountTable()
  assert.ok(mountAt(table, '/'))
  assert.equal(mountAt(table, '/proc')?.type, 'proc')
})

test('a mountpoint is found through links and relative paths', async (context) => {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'cassfs-table-')))
  context.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(path.join(folder, 'real/site'), { recursive: true })
  symlinkSync('real', path.join(folder, 'parent'))
  symlinkSync('real/site', path.join(folder, 'direct'))
  const wanted = path.join(folder, 'real/site')
  assert.equal(await resolveMountpoint(path.join(folder, 'parent/site')), wanted)
  assert.equal(await resolveMountpoint(path.join(folder, 'direct')), wanted)
  assert.equal(await resolveMountpoint(`${wanted}/../site/`), wanted)
  assert.equal(await resolveMountpoint('/'), '/')
  await assert.rejects(resolveMountpoint(path.join(folder, 'none')), { code: 'ENOENT' })
})

test('a folder that answers is neither dead nor silent', async () => {
  assert.equal(await probeMount('/'), 'answers')
  assert.equal(await probeMount('/proc'), 'answers')
})
