/** "One mount" of docs/SEMANTICS.md, through the kernel. */
import assert from 'node:assert/strict'
import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fallocate, punchHole } from '../../src/native/allocate.js'
import { tryLock } from '../../src/native/flock.js'
import { RenameFlag, renameat2 } from '../../src/native/rename.js'
import { seekData, seekHole } from '../../src/native/seek.js'
import { linkTmpfile, openTmpfile } from '../../src/native/tmpfile.js'
import { getXattr, setXattr } from '../../src/native/xattr.js'
import { Errno } from '../../src/posix/errno.js'
import { type LeaseMount, type LeaseMounts, openLeaseMounts } from '../lease/lease-mounts.js'
import { copyFileRange, LockCommand, LockType, recordLock } from '../mount/syscalls.js'
import { mapFile } from '../support/memory-map.js'
import { run } from '../support/process.js'
import { targetMissing } from '../support/target.js'

const rootMissing = process.getuid?.() === 0 ? undefined : 'needs root: it makes devices'
const skip = rootMissing ?? (await targetMissing('cassfs')) ?? false
const F_OFD_SETLK = 37
const page = 4096

let mounts: LeaseMounts
let one: LeaseMount
before(async () => {
  if (skip) return
  mounts = openLeaseMounts()
  one = await mounts.mount('mnt')
})
after(() => mounts?.close())

/** A folder of its own for each test. */
function folder(name: string): (path: string) => string {
  mkdirSync(join(one.dir, name))
  return (path) => join(one.dir, name, path)
}

/** An open file that is closed when the test ends. */
function openAs(t: { after(task: () => void): void }, path: string, flags: string | number) {
  const fd = openSync(path, flags)
  t.after(() => closeSync(fd))
  return fd
}

function textOf(fd: number): string {
  const bytes = Buffer.alloc(100)
  return bytes.toString('latin1', 0, readSync(fd, bytes, 0, 100, 0))
}

test('hard and symbolic links, fifos, sockets and devices', { skip }, async () => {
  const at = folder('kinds')
  writeFileSync(at('f'), 'linked')
  linkSync(at('f'), at('hard'))
  symlinkSync('f', at('soft'))
  await run('mkfifo', [at('fifo')])
  await run('mknod', [at('null'), 'c', '1', '3'])
  await run('python3', ['-c', `import socket; socket.socket(socket.AF_UNIX).bind('${at('s')}')`])
  assert.deepEqual([statSync(at('f')).nlink, statSync(at('hard')).ino], [2, statSync(at('f')).ino])
  assert.deepEqual([readlinkSync(at('soft')), readFileSync(at('soft'), 'utf8')], ['f', 'linked'])
  assert.ok(lstatSync(at('fifo')).isFIFO() && lstatSync(at('s')).isSocket())
  const device = lstatSync(at('null'))
  assert.ok(device.isCharacterDevice() && device.rdev === 0x103)
  const reader = run('cat', [at('fifo')])
  await run('sh', ['-c', `echo through > '${at('fifo')}'`])
  assert.equal(await reader, 'through\n')
})

test('a file that lost its name stays whole for who has it open', { skip }, (t) => {
  const at = folder('unlinked')
  for (const [name, take] of [
    ['gone', () => unlinkSync(at('gone'))],
    ['replaced', () => renameSync(at('other'), at('replaced'))],
  ] as const) {
    writeFileSync(at(name), 'whole')
    writeFileSync(at('other'), 'other')
    const fd = openAs(t, at(name), 'r+')
    take()
    assert.equal(textOf(fd), 'whole')
    writeSync(fd, ' and more', 5)
    fsyncSync(fd)
    assert.equal(textOf(fd), 'whole and more')
  }
  assert.equal(readFileSync(at('replaced'), 'utf8'), 'other')
})

test('RENAME_NOREPLACE and RENAME_EXCHANGE', { skip }, () => {
  const at = folder('renames')
  writeFileSync(at('a'), 'a')
  mkdirSync(at('b'))
  const { RENAME_NOREPLACE, RENAME_EXCHANGE } = RenameFlag
  assert.throws(() => renameat2(at('a'), at('b'), RENAME_NOREPLACE), { errno: Errno.EEXIST })
  renameat2(at('a'), at('b'), RENAME_EXCHANGE)
  assert.ok(statSync(at('a')).isDirectory() && readFileSync(at('b'), 'utf8') === 'a')
  renameat2(at('b'), at('c'), RENAME_NOREPLACE)
  assert.deepEqual(readdirSync(at('')).sort(), ['a', 'c'])
})

test('O_APPEND, O_TRUNC, O_EXCL and O_TMPFILE', { skip }, (t) => {
  const at = folder('flags')
  writeFileSync(at('f'), 'first;')
  const append = openAs(t, at('f'), 'a')
  writeFileSync(at('f'), 'other;', { flag: 'a' })
  writeSync(append, 'last;', 0)
  assert.equal(readFileSync(at('f'), 'utf8'), 'first;other;last;')
  openAs(t, at('f'), constants.O_WRONLY | constants.O_TRUNC)
  assert.equal(statSync(at('f')).size, 0)
  assert.throws(() => openSync(at('f'), 'wx'), { code: 'EEXIST' })
  const nameless = openTmpfile(at(''))
  t.after(() => closeSync(nameless))
  writeSync(nameless, 'named at last')
  assert.deepEqual(readdirSync(at('')), ['f'])
  linkTmpfile(nameless, at('named'))
  assert.equal(readFileSync(at('named'), 'utf8'), 'named at last')
})

test('holes, fallocate and copy_file_range', { skip }, (t) => {
  const at = folder('sparse')
  const fd = openAs(t, at('f'), 'w+')
  ftruncateSync(fd, 64 * page)
  writeSync(fd, Buffer.alloc(page, 'x'), 0, page, 16 * page)
  const seen = () => [seekHole(fd, 0), seekData(fd, 0), seekHole(fd, 16 * page)]
  assert.deepEqual(seen(), [0, 16 * page, 17 * page])
  fsyncSync(fd)
  assert.deepEqual(seen(), [0, 16 * page, 17 * page])
  fallocate(fd, 0, 64 * page, page)
  assert.equal(statSync(at('f')).size, 65 * page)
  assert.equal(copyFileRange(fd, 16 * page, fd, 32 * page, 100), 100)
  punchHole(fd, 16 * page, page)
  fsyncSync(fd)
  const bytes = readFileSync(at('f'))
  assert.ok(bytes.subarray(0, 32 * page).equals(Buffer.alloc(32 * page)))
  assert.equal(bytes.toString('latin1', 32 * page, 32 * page + 101), `${'x'.repeat(100)}\0`)
  assert.equal(seekData(fd, 0), 32 * page)
})

test('shared and private mappings', { skip }, (t) => {
  const at = folder('mapped')
  writeFileSync(at('f'), Buffer.alloc(page, '.'))
  const fd = openAs(t, at('f'), 'r+')
  const [shared, own, seen] = [
    mapFile(fd, page, 'shared'),
    mapFile(fd, page, 'private'),
    mapFile(fd, page),
  ]
  Buffer.from(own.bytes).write('private')
  Buffer.from(shared.bytes).write('shared', 10)
  assert.equal(Buffer.from(seen.bytes).toString('latin1', 0, 16), '..........shared')
  assert.equal(Buffer.from(own.bytes).toString('latin1', 0, 10), 'private...')
  writeSync(fd, 'call', 20)
  assert.equal(Buffer.from(seen.bytes).toString('latin1', 20, 24), 'call')
  for (const map of [shared, own, seen]) map.close()
  fsyncSync(fd)
  const text = readFileSync(at('f'), 'latin1')
  assert.equal(text.slice(0, 25), '..........shared....call.')
  assert.equal(text.length, page)
})

test('extended attributes of 64 KiB', { skip }, () => {
  const at = folder('attributes')
  writeFileSync(at('f'), '')
  for (const name of ['user.large', 'user.second', 'trusted.third']) {
    setXattr(at('f'), name, Buffer.alloc(65_536, name))
    assert.deepEqual(getXattr(at('f'), name), Buffer.alloc(65_536, name))
  }
  const tooLarge = () => setXattr(at('f'), 'user.more', Buffer.alloc(65_537))
  assert.throws(tooLarge, { errno: Errno.E2BIG })
})

test('flock, fcntl and OFD locks exclude each other, and ask nothing of the mount', {
  skip,
}, (t) => {
  const at = folder('locks')
  writeFileSync(at('f'), '')
  const [here, there] = [openAs(t, at('f'), 'r+'), openAs(t, at('f'), 'r+')]
  assert.ok(tryLock(here, 'exclusive'))
  assert.equal(tryLock(there, 'exclusive'), false)
  const lock = { type: LockType.F_WRLCK, start: 10, length: 10 }
  recordLock(here, F_OFD_SETLK, lock)
  const isTaken = { errno: Errno.EAGAIN }
  assert.throws(() => recordLock(there, F_OFD_SETLK, { ...lock, start: 19 }), isTaken)
  assert.throws(() => recordLock(there, LockCommand.F_SETLK, lock), isTaken)
  recordLock(there, LockCommand.F_SETLK, { ...lock, start: 20 })
  assert.match(one.log(), /CREATE|OPEN/, 'requests are in the log')
  assert.doesNotMatch(one.log(), /[GS]ETLK/)
})

test('names of any bytes, up to 255', { skip }, () => {
  const at = folder('names')
  const bytes = Buffer.from(Array.from({ length: 255 }, (_, i) => i + 1).filter((i) => i !== 47))
  const path = Buffer.concat([Buffer.from(`${at('')}/`), bytes, Buffer.from('x')])
  writeFileSync(path, 'found')
  assert.equal(readFileSync(path, 'utf8'), 'found')
  const [name] = readdirSync(at(''), { encoding: 'buffer' })
  assert.deepEqual(name, Buffer.concat([bytes, Buffer.from('x')]))
  assert.equal(name?.length, 255)
  const longer = Buffer.concat([path, Buffer.from('y')])
  assert.throws(() => writeFileSync(longer, ''), { code: 'ENAMETOOLONG' })
})
