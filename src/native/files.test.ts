// The calls on files, each on a real file system: one that lacks something is skipped aloud.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { Errno } from '../posix/errno.js'
import { FallocateFlag, fallocate, punchHole } from './allocate.js'
import { bootTimeMs } from './clock.js'
import { tryLock, unlock } from './flock.js'
import { cString } from './libc.js'
import { mkfifo, mknod } from './make-node.js'
import { RenameFlag, renameat2 } from './rename.js'
import { seekData, seekHole } from './seek.js'
import { syncfs } from './syncfs.js'
import { setTimes } from './times.js'
import { linkTmpfile, openTmpfile } from './tmpfile.js'
import { getXattr, listXattrs, removeXattr, setXattr, XattrFlag } from './xattr.js'

let directory = ''
const inside = (name: string) => join(directory, name)

before(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'cassfs-native-'))
})
after(() => fs.rmSync(directory, { recursive: true }))

function withFile<T>(name: string, body: (fd: number) => T): T {
  const fd = fs.openSync(inside(name), 'w+')
  try {
    return body(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** Runs the body; a file system without such a thing skips the test. */
function orSkip(t: TestContext, body: () => void): void {
  try {
    body()
  } catch (error) {
    if ((error as { errno?: number }).errno !== Errno.EOPNOTSUPP) throw error
    t.skip(`SKIPPED: the file system of ${tmpdir()} does not support it`)
  }
}

describe('extended attributes', () => {
  it('are set, read, listed and removed, by path, by bytes and by descriptor', (t) => {
    orSkip(t, () => {
      const path = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])])
      fs.writeFileSync(path, '')
      const value = Buffer.from([0, 1, 255])
      setXattr(path, 'user.a', value)
      assert.deepEqual(getXattr(path, 'user.a'), value)
      const fd = fs.openSync(path, 'r+')
      setXattr(fd, 'user.b', Buffer.alloc(0), XattrFlag.XATTR_CREATE)
      assert.deepEqual(getXattr(fd, 'user.b'), Buffer.alloc(0))
      assert.deepEqual(listXattrs(fd).sort(), ['user.a', 'user.b'])
      assert.throws(() => setXattr(fd, 'user.b', value, XattrFlag.XATTR_CREATE), { code: 'EEXIST' })
      assert.equal(removeXattr(fd, 'user.b'), true)
      assert.equal(removeXattr(path, 'user.b'), false)
      assert.equal(getXattr(path, 'user.b'), undefined)
      assert.deepEqual(listXattrs(path), ['user.a'])
      fs.closeSync(fd)
    })
  })

  it('of a symbolic link are its own', () => {
    fs.symlinkSync('nowhere', inside('dangling'))
    assert.deepEqual(listXattrs(inside('dangling')), [])
    assert.throws(() => listXattrs(inside('missing')), { code: 'ENOENT' })
  })
})

describe('sparse files', () => {
  it('say where data and holes are', (t) => {
    orSkip(t, () =>
      withFile('sparse', (fd) => {
        fs.ftruncateSync(fd, 1 << 20)
        fs.writeSync(fd, 'data', 1 << 19)
        assert.equal(seekData(fd, 0), 1 << 19)
        assert.equal(seekHole(fd, 0), 0)
        assert.equal(seekHole(fd, 1 << 19), (1 << 19) + 4096)
        assert.equal(seekData(fd, (1 << 19) + 4096), undefined)
        assert.equal(seekHole(fd, 1 << 20), undefined)
      }),
    )
  })

  it('get room, and give it back', (t) => {
    orSkip(t, () =>
      withFile('allocated', (fd) => {
        fallocate(fd, FallocateFlag.FALLOC_FL_KEEP_SIZE, 0, 65536)
        const { blocks, size } = fs.fstatSync(fd)
        assert.deepEqual([blocks, size], [128, 0])
        fs.writeSync(fd, Buffer.alloc(65536, 1))
        punchHole(fd, 4096, 8192)
        assert.equal(fs.fstatSync(fd).blocks, 112)
        assert.equal(seekHole(fd, 0), 4096)
        assert.throws(() => fallocate(fd, 0, -1, 1), { code: 'EINVAL' })
      }),
    )
  })
})

describe('names', () => {
  it('of special files', (t) => {
    mkfifo(inside('fifo'), 0o600)
    assert.ok(fs.statSync(inside('fifo')).isFIFO())
    if (process.geteuid?.() !== 0) {
      t.skip('SKIPPED: making a device file needs root')
      return
    }
    mknod(inside('null'), 0o020600, 0x103)
    assert.equal(fs.statSync(inside('null')).rdev, 0x103)
  })

  it('are exchanged, and are not replaced', () => {
    fs.writeFileSync(inside('one'), '1')
    fs.writeFileSync(inside('two'), '2')
    const { RENAME_EXCHANGE, RENAME_NOREPLACE } = RenameFlag
    assert.throws(() => renameat2(inside('one'), inside('two'), RENAME_NOREPLACE), {
      code: 'EEXIST',
    })
    renameat2(inside('one'), inside('two'), RENAME_EXCHANGE)
    assert.equal(fs.readFileSync(inside('one'), 'utf8'), '2')
  })

  it('are given to a file without one', (t) => {
    orSkip(t, () => {
      const fd = openTmpfile(directory)
      fs.writeSync(fd, 'nameless')
      linkTmpfile(fd, inside('named'))
      assert.throws(() => linkTmpfile(fd, inside('named')), { code: 'EEXIST' })
      fs.closeSync(fd)
      assert.equal(fs.readFileSync(inside('named'), 'utf8'), 'nameless')
    })
  })

  it('have times to the nanosecond, a link its own', () => {
    fs.writeFileSync(inside('timed'), '')
    fs.symlinkSync('timed', inside('timed-link'))
    const [early, late] = [
      { sec: -2, nsec: 999_999_999 },
      { sec: 1_600_000_000, nsec: 123_456_789 },
    ]
    setTimes(inside('timed'), early, late)
    setTimes(inside('timed-link'), undefined, early)
    const timed = fs.lstatSync(inside('timed'), { bigint: true })
    assert.deepEqual([timed.atimeNs, timed.mtimeNs], [-1_000_000_001n, 1_600_000_000_123_456_789n])
    const link = fs.lstatSync(inside('timed-link'), { bigint: true })
    assert.equal(link.mtimeNs, -1_000_000_001n)
    assert.throws(() => setTimes(inside('absent'), early, late), { code: 'ENOENT' })
  })

  it('have no NUL in them', () => {
    assert.throws(() => cString('a\0b'), { code: 'EINVAL' })
    assert.deepEqual(cString('\u00e9'), Buffer.from([0xc3, 0xa9, 0]))
  })
})

describe('other calls', () => {
  it('lock a file against another descriptor', () => {
    withFile('locked', (first) => {
      withFile('locked', (second) => {
        assert.equal(tryLock(first, 'shared'), true)
        assert.equal(tryLock(second, 'shared'), true)
        assert.equal(tryLock(first, 'exclusive'), false)
        unlock(second)
        assert.equal(tryLock(first, 'exclusive'), true)
        assert.equal(tryLock(second, 'shared'), false)
      })
      assert.throws(() => tryLock(-1, 'shared'), { code: 'EBADF' })
    })
  })

  it('sync a file system', () => {
    withFile('synced', (fd) => syncfs(fd))
    assert.throws(() => syncfs(-1), { code: 'EBADF' })
  })

  it('tell the time since the machine started', () => {
    const [uptime] = fs.readFileSync('/proc/uptime', 'utf8').split(' ').map(Number)
    const first = bootTimeMs()
    assert.ok(Math.abs(first / 1000 - (uptime as number)) < 60)
    assert.ok(bootTimeMs() >= first)
  })
})
