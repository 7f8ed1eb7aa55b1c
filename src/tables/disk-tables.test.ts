import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Head, VolumeState } from '../volume/head.js'
import { encodeDirent } from '../volume/inode-codec.js'
import { type Key, RecordKind, type VolumeRecord } from '../volume/record.js'
import { newUuid } from '../volume/uuid.js'
import { DiskTables } from './disk-tables.js'
import { MemoryTables } from './memory-tables.js'
import type { WritableTables } from './tables.js'

const volume = newUuid()

function headAt(seq: number): Head {
  const rest = { state: VolumeState.live, quotaBytes: 0, quotaInodes: 0 }
  return { ...rest, seq, request: newUuid(), usedBytes: seq * 10, usedInodes: seq }
}

function dirent(parent: number, name: string, ino: number): VolumeRecord {
  const value = encodeDirent({ ino, type: 0o100000 }, undefined)
  return { kind: RecordKind.dirent, parent, name, value }
}

const plain = (records: readonly VolumeRecord[]) =>
  records.map(({ name, value }) => `${name} ${Buffer.from(value).toString('hex')}`)

test('tables on disk are what tables in memory are', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'cft-tables-'))
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
    const head = headAt(step)
    for (const tables of [memory, disk])
      if (step % 10 === 0) tables.load([...puts.values(), inode])
      else tables.apply([...puts.values()], [...deletes.values()], head)
    assert.deepEqual(disk.head(), memory.head())
    assert.equal(disk.count(), memory.count())
    assert.ok(disk.highestIno() <= memory.highestIno(), 'of those that are there')
    for (let ino = disk.highestIno() + 1; ino < 22; ino++) assert.deepEqual(memory.names(ino), [])
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
  rmSync(directory, { recursive: true, force: true })
})
