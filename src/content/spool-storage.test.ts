import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { fstatSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createSpool } from './create-spool.js'
import { chunkBytes, openSpoolStorage, type SpoolStorage } from './spool-storage.js'

const scratch = mkdtempSync(join(tmpdir(), 'cassfs-spool-'))
after(() => rmSync(scratch, { recursive: true }))

/** Descriptors of this process on spool files. */
function spoolDescriptors(): number[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('/spool-') ? [Number(fd)] : []
    } catch {
      // The descriptor that read the folder is gone by now.
      return []
    }
  })
}

function bytes(length: number, seed: number): Buffer {
  return Buffer.alloc(length, `${seed} spooled `)
}

test('what fits stays in memory and touches no disk', () => {
  const storage = openSpoolStorage({ directory: join(scratch, 'none') })
  const spool = createSpool(storage)
  spool.write(0, bytes(256 * 1024, 1), 0)
  assert.deepEqual(storage.status(), { memoryBytes: 256 * 1024, diskBytes: 0 })
  assert.throws(() => readdirSync(join(scratch, 'none')), /ENOENT/)
  spool.close()
  assert.equal(storage.status().memoryBytes, 0)
  storage.close()
})

test('a small file takes little memory', () => {
  const storage = openSpoolStorage({ directory: '/nowhere' })
  const spool = createSpool(storage)
  spool.write(0, bytes(700, 1), 0)
  assert.equal(storage.status().memoryBytes, 1024)
  spool.close()
})

test('beyond 256 KiB a file goes to disk, as all files do beyond the memory for all', () => {
  const directory = join(scratch, 'limits')
  const storage = openSpoolStorage({ directory, memoryBytesMax: 512 * 1024 })
  const spools = [1, 2, 3].map(() => createSpool(storage))
  const data = bytes(320 * 1024, 7)
  for (const spool of spools) spool.write(0, data, 0)
  assert.deepEqual(storage.status(), { memoryBytes: 512 * 1024, diskBytes: 448 * 1024 })
  for (const spool of spools) assert.ok(spool.copy(0, data.length).equals(data))
  for (const spool of spools) spool.close()
  storage.close()
})

test('many spools share one file without a name, for the owner only', () => {
  const directory = join(scratch, 'shared')
  const storage = openSpoolStorage({ directory, memoryBytesMax: 0 })
  const spools = Array.from({ length: 100 }, () => createSpool(storage))
  for (const [i, spool] of spools.entries()) spool.write(i * 1000, bytes(100_000, i), 0)
  const [fd, ...others] = spoolDescriptors()
  assert.equal(others.length, 0)
  assert.equal(fstatSync(fd as number).mode & 0o777, 0o600)
  assert.equal(fstatSync(fd as number).nlink, 0)
  assert.deepEqual(readdirSync(directory), [])
  for (const [i, spool] of spools.entries())
    assert.ok(spool.copy(i * 1000, 100_000).equals(bytes(100_000, i)))
  for (const spool of spools) spool.close()
  storage.close()
  assert.deepEqual(spoolDescriptors(), [])
})

test('room is used again, and given back to the disk', () => {
  const storage = openSpoolStorage({ directory: join(scratch, 'again'), memoryBytesMax: 0 })
  const keeper = createSpool(storage)
  const spool = createSpool(storage)
  for (let round = 0; round < 20; round++) {
    spool.write(0, bytes(10 * chunkBytes, round), 0)
    if (round === 0) keeper.write(0, bytes(chunkBytes, 99), 0)
    assert.equal(storage.status().diskBytes, 11 * chunkBytes)
    spool.discard()
  }
  const [fd] = spoolDescriptors()
  const onDisk = () => fstatSync(fd as number).blocks * 512
  assert.equal(fstatSync(fd as number).size, 11 * chunkBytes)
  assert.ok(onDisk() <= 2 * chunkBytes, `${onDisk()} bytes on the disk`)
  assert.ok(keeper.copy(0, chunkBytes).equals(bytes(chunkBytes, 99)))
  keeper.close()
  assert.equal(fstatSync(fd as number).size, 0)
  spool.close()
  storage.close()
})

test('what was cut for a save stays as it was while the file is written over', () => {
  const storage = openSpoolStorage({ directory: join(scratch, 'cut'), memoryBytesMax: 100_000 })
  const spool = createSpool(storage)
  spool.write(0, bytes(300_000, 1), 0)
  const snapshot = spool.cut()
  spool.write(0, bytes(300_000, 2), 0)
  spool.truncate(0)
  spool.write(50_000, bytes(200_000, 3), 0)
  const cut = Buffer.alloc(300_000)
  for (const { start, end } of snapshot.ranges) snapshot.copy(start, cut.subarray(start, end))
  assert.ok(cut.equals(bytes(300_000, 1)))
  spool.failed(snapshot)
  assert.ok(spool.copy(50_000, 200_000).equals(bytes(200_000, 3)))
  spool.close()
  assert.deepEqual(storage.status(), { memoryBytes: 0, diskBytes: 0 })
  storage.close()
})

const root = process.getuid?.() === 0

test('on a full disk a write is ENOSPC, and nothing accepted before is lost', {
  skip: root ? false : 'only root may mount the small file system for it',
}, () => {
  const directory = join(scratch, 'full')
  mkdirSync(directory)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory])
  let storage: SpoolStorage | undefined
  try {
    storage = openSpoolStorage({ directory, memoryBytesMax: 64 * 1024 })
    const spool = createSpool(storage)
    const other = createSpool(storage)
    other.write(0, bytes(chunkBytes, 5), 0)
    let accepted = 0
    const part = 3 * 10_000
    assert.throws(
      () => {
        for (; accepted < 10_000_000; accepted += part)
          spool.write(accepted, bytes(part, accepted), accepted)
      },
      { code: 'ENOSPC' },
    )
    assert.ok(accepted > 800_000 && accepted < 1_200_000, `${accepted} bytes`)
    // Written over what is there, with an end that finds no room: none of it may be taken.
    const over = bytes(200_000, 77)
    assert.throws(() => spool.write(accepted - 100_000, over, accepted), { code: 'ENOSPC' })
    for (let at = 0; at < accepted; at += part)
      assert.ok(spool.copy(at, part).equals(bytes(part, at)), `at ${at}`)
    assert.equal(spool.size(0), accepted)
    // What is there can be written over, and is saved.
    spool.write(1000, bytes(100_000, 8), accepted)
    const snapshot = spool.cut()
    const saved = Buffer.alloc(100_000)
    snapshot.copy(1000, saved.subarray(0, chunkBytes - 1000))
    assert.ok(
      saved.subarray(0, chunkBytes - 1000).equals(bytes(100_000, 8).subarray(0, chunkBytes - 1000)),
    )
    spool.failed(snapshot)
    other.discard()
    spool.discard()
    spool.write(0, bytes(700_000, 3), 0)
    assert.ok(spool.copy(0, 700_000).equals(bytes(700_000, 3)), 'and there is room again')
    spool.close()
    other.close()
  } finally {
    storage?.close()
    execFileSync('umount', [directory])
  }
})
