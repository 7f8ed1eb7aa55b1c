import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { tryLock } from '../native/flock.js'
import { type Head, VolumeState } from '../volume/head.js'
import { encodeDirent } from '../volume/inode-codec.js'
import { RecordKind, type VolumeRecord } from '../volume/record.js'
import { newUuid } from '../volume/uuid.js'
import type { Copies } from './copies.js'
import { openCopyFolder } from './copy-folder.js'
import { CopyOnDisk } from './copy-on-disk.js'
import { MemoryTables } from './memory-tables.js'
import type { WritableTables } from './tables.js'

const volume = newUuid()

function headAt(seq: number): Head {
  return {
    seq,
    request: `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`,
    state: VolumeState.live,
    usedBytes: seq * 10,
    usedInodes: seq,
    quotaBytes: 0,
    quotaInodes: 0,
  }
}

function dirent(parent: number, name: string, ino: number): VolumeRecord {
  const value = encodeDirent({ ino, type: 0o100000 }, undefined)
  return { kind: RecordKind.dirent, parent, name, value }
}

function inTemporaryFolder(run: (directory: string) => Promise<void> | void): () => Promise<void> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), 'cft-copies-'))
    try {
      await run(directory)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

function openCopies(directory: string, warnings: string[] = []): Copies {
  return openCopyFolder({
    directory,
    volume,
    tryLock: (fd) => tryLock(fd, 'exclusive'),
    warn: (message, { error }) => warnings.push(`${message}: ${error}`),
  })
}

function fill(copies: Copies, seq: number): WritableTables {
  const tables = copies.create()
  tables.load([dirent(1, 'a', 2)])
  tables.apply([dirent(1, `b${seq}`, 3)], [], headAt(seq))
  copies.keep(tables)
  return tables
}

test(
  'a copy is there for the next process, after a clean end and after none',
  inTemporaryFolder(async (directory) => {
    const first = openCopies(directory)
    assert.equal(first.kept(), undefined)
    fill(first, 7)
    // A process that was killed leaves this state, and its locks are gone.
    const killed = readFileSync(join(directory, '0', 'state.json'), 'utf8')
    await first.close()
    for (const state of [undefined, killed]) {
      if (state) writeFileSync(join(directory, '0', 'state.json'), state)
      const copies = openCopies(directory)
      const tables = copies.kept()
      assert.deepEqual(tables?.head(), headAt(7))
      assert.deepEqual(
        tables?.list(1, undefined, 9).map(({ name }) => name),
        ['a', 'b7'],
      )
      await copies.close()
    }
  }),
)

test(
  'a copy that the machine did not survive, of another format or volume, or damaged, is not used',
  inTemporaryFolder(async (directory) => {
    const path = join(directory, '0', 'state.json')
    const broken: ((state: Record<string, unknown>) => string)[] = [
      (state) => JSON.stringify({ ...state, boot: newUuid() }),
      (state) => JSON.stringify({ ...state, format: 2 }),
      (state) => JSON.stringify({ ...state, volume: newUuid() }),
      (state) => JSON.stringify({ ...state, copy: 'not-there' }),
      (state) => JSON.stringify({ ...state, bytes: (state.bytes as number) + 1 }),
      (state) => JSON.stringify(state).slice(0, 20),
    ]
    for (const damage of broken) {
      const writer = openCopies(directory)
      writer.kept()
      fill(writer, 7)
      await writer.close()
      writeFileSync(path, damage(JSON.parse(readFileSync(path, 'utf8'))))
      const copies = openCopies(directory)
      assert.equal(copies.kept(), undefined)
      const tables = fill(copies, 9)
      assert.deepEqual(tables.head(), headAt(9))
      await copies.close()
      const copiesLeft = readdirSync(join(directory, '0')).filter((name) => /^\d/.test(name))
      assert.equal(copiesLeft.length, 1)
    }
  }),
)

test(
  'a data file that is cut off, or no longer one of LMDB, is thrown away before LMDB sees it',
  inTemporaryFolder(async (directory) => {
    const damages: ((path: string) => void)[] = [
      (path) => truncateSync(path, statSync(path).size / 2),
      (path) => truncateSync(path, 100),
      (path) => truncateSync(path, 0),
      (path) => writeFileSync(path, Buffer.alloc(statSync(path).size, 0x55)),
      (path) => rmSync(path),
    ]
    for (const damage of damages) {
      const writer = openCopies(directory)
      writer.kept()
      const { name } = fill(writer, 7) as CopyOnDisk
      await writer.close()
      damage(join(directory, '0', name, 'data.mdb'))
      const copies = openCopies(directory)
      assert.equal(copies.kept(), undefined)
      await copies.close()
    }
  }),
)

test(
  'a copy in use is trusted in this boot only, and not at all while it is being opened',
  inTemporaryFolder(async (directory) => {
    const path = join(directory, '0', 'state.json')
    const first = openCopies(directory)
    fill(first, 7)
    await first.close()
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).boot, undefined)
    const second = openCopies(directory)
    assert.ok(second.kept())
    assert.equal(typeof JSON.parse(readFileSync(path, 'utf8')).boot, 'string')
    await second.close()
  }),
)

test(
  'a copy that is dropped is gone from the disk; what a closed one is given does nothing',
  inTemporaryFolder(async (directory) => {
    const copies = openCopies(directory)
    const kept = fill(copies, 7)
    const other = copies.create() as CopyOnDisk
    copies.drop(other)
    other.apply([dirent(1, 'x', 9)], [], headAt(9))
    for (let tries = 0; existsSync(join(directory, '0', other.name)) && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(existsSync(join(directory, '0', other.name)), false)
    await copies.close()
    kept.apply([dirent(1, 'x', 9)], [], headAt(9))
    assert.throws(() => kept.head(), /closed/)
    const again = openCopies(directory)
    assert.equal(again.kept()?.head()?.seq, 7)
    await again.close()
  }),
)

test(
  'on a disk that is nearly full copies are in memory, and the process lives',
  { skip: process.getuid?.() === 0 ? false : 'root mounts the small disk' },
  inTemporaryFolder(async (directory) => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory])
    try {
      const warnings: string[] = []
      const copies = openCopies(directory, warnings)
      assert.ok(fill(copies, 7) instanceof MemoryTables)
      assert.match(warnings.join(), /MiB are free/)
      await copies.close()
    } finally {
      execFileSync('umount', [directory])
    }
  }),
)

test(
  'a second process on the same folder has a copy of its own',
  inTemporaryFolder(async (directory) => {
    const first = openCopies(directory)
    fill(first, 7)
    const second = openCopies(directory)
    assert.equal(second.kept(), undefined)
    fill(second, 8)
    await first.close()
    await second.close()
    const again = openCopies(directory)
    assert.equal(again.kept()?.head()?.seq, 7)
    await again.close()
    assert.deepEqual(readdirSync(directory), ['0', '1'])
  }),
)

test(
  'of two copies the one kept last counts, and the other goes at the end',
  inTemporaryFolder(async (directory) => {
    const copies = openCopies(directory)
    const before = fill(copies, 7) as CopyOnDisk
    const after = fill(copies, 8) as CopyOnDisk
    await copies.close()
    assert.ok(before instanceof CopyOnDisk)
    for (let tries = 0; existsSync(join(directory, '0', before.name)) && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(existsSync(join(directory, '0', before.name)), false)
    assert.equal(existsSync(join(directory, '0', after.name)), true)
  }),
)

test(
  'where the disk takes no more, the copy goes on in memory and the next process loads anew',
  { skip: process.getuid?.() === 0 ? false : 'root mounts the small disk' },
  inTemporaryFolder(async (directory) => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', directory])
    try {
      const warnings: string[] = []
      const copies = openCopies(directory, warnings)
      const tables = fill(copies, 7)
      const rest = statfsSync(directory)
      writeFileSync(join(directory, 'rest'), Buffer.alloc(rest.bavail * rest.bsize))
      let seq = 7
      while (warnings.length === 0 && seq < 1000) {
        seq++
        tables.apply([dirent(1, `c${seq}`, seq)], [], headAt(seq))
      }
      assert.match(warnings.join(), /goes on in memory/)
      tables.apply([dirent(1, 'last', 9)], [], headAt(++seq))
      assert.deepEqual(tables.head(), headAt(seq))
      assert.equal(tables.list(1, undefined, 9999).length, seq - 5)
      copies.keep(tables)
      await copies.close()
      rmSync(join(directory, 'rest'))
      const again = openCopies(directory)
      assert.equal(again.kept(), undefined)
      await again.close()
    } finally {
      execFileSync('umount', ['-l', directory])
    }
  }),
)

test(
  'a folder that cannot be made means copies in memory, and a warning',
  inTemporaryFolder(async (directory) => {
    const warnings: string[] = []
    writeFileSync(join(directory, 'file'), '')
    const copies = openCopies(join(directory, 'file'), warnings)
    assert.equal(copies.kept(), undefined)
    assert.ok(fill(copies, 7) instanceof MemoryTables)
    assert.equal(warnings.length, 1)
    await copies.close()
  }),
)
