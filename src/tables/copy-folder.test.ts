import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { tryLock } from '../native/flock.js'
import { type Head, VolumeState } from '../volume/head.js'
import { encodeDirent } from '../volume/inode-codec.js'
import { type Key, RecordKind, type VolumeRecord } from '../volume/record.js'
import { newUuid } from '../volume/uuid.js'
import type { Copies } from './copies.js'
import { openCopyFolder } from './copy-folder.js'
import { CopyOnDisk } from './copy-on-disk.js'
import { DiskTables } from './disk-tables.js'
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

const plain = (records: readonly VolumeRecord[]) =>
  records.map(({ name, value }) => `${name} ${Buffer.from(value).toString('hex')}`)

test(
  'tables on disk are what tables in memory are',
  inTemporaryFolder(async (directory) => {
    const [memory, disk] = [new MemoryTables(), new DiskTables(directory, volume)]
    let state = 12345
    const below = (limit: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      return (state >>> 8) % limit
    }
    for (let step = 1; step <= 300; step++) {
      const puts = new Map<string, VolumeRecord>()
      const deletes = new Map<string, Key>()
      for (let count = below(5); count >= 0; count--) {
        const record = dirent(1 + below(3), `n${below(9)}\xff`, 2 + below(20))
        const id = `${record.parent}/${record.name}`
        if (below(3) > 0) puts.set(id, record)
        else if (!puts.has(id)) deletes.set(id, record)
      }
      const inode = { kind: RecordKind.inode, parent: below(4), name: '', value: Buffer.of(step) }
      for (const tables of [memory, disk])
        if (step % 10 === 0) tables.load([...puts.values(), inode])
        else tables.apply([...puts.values()], [...deletes.values()], headAt(step))
      assert.deepEqual(disk.head(), memory.head())
      assert.equal(disk.count(), memory.count())
      for (const parent of [1, 2, 3])
        assert.deepEqual(plain(disk.list(parent, 'n3', 4)), plain(memory.list(parent, 'n3', 4)))
      assert.deepEqual(plain(disk.scan(undefined, 99)), plain(memory.scan(undefined, 99)))
      const sorted = (tables: WritableTables, ino: number) =>
        tables
          .names(ino)
          .map(({ parent, name }) => `${parent}/${name}`)
          .sort()
      for (let ino = 2; ino < 22; ino++) assert.deepEqual(sorted(disk, ino), sorted(memory, ino))
    }
    await disk.close()
  }),
)

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
  'a copy that takes the place of another ends it, also on disk',
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
  inTemporaryFolder(async (directory) => {
    const warnings: string[] = []
    const copies = openCopies(directory, warnings)
    const tables = fill(copies, 7)
    // LMDB takes no key of this length, which fails as a full disk does: nothing of it is done.
    const tooLong = dirent(1, 'x'.repeat(4000), 9)
    tables.apply([dirent(1, 'c', 4), tooLong], [], headAt(8))
    assert.deepEqual(tables.head(), headAt(8))
    assert.deepEqual(
      tables.list(1, undefined, 9).map(({ name }) => name),
      ['a', 'b7', 'c', tooLong.name],
    )
    assert.equal(warnings.length, 1)
    await copies.close()
    const again = openCopies(directory)
    assert.equal(again.kept(), undefined)
    await again.close()
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
