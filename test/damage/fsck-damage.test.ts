/** Each kind of damage, made by hand in an embedded store: fsck finds it, in the right words, and nothing else. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.js'
import {
  decodeBlockRow,
  decodeVolumeRow,
  encodeBlockRow,
  encodeVolumeRow,
} from '../../src/store/lmdb/rows.js'
import { linkKey } from '../../src/tables/lmdb-keys.js'
import { decodeHead, encodeHead } from '../../src/volume/head-codec.js'
import { decodeInode, encodeInode } from '../../src/volume/inode-codec.js'
import { encodeJournalNumber } from '../../src/volume/journal-number.js'
import { decodeLogEntry, encodeLogEntry } from '../../src/volume/log-entry-codec.js'
import { RecordKind } from '../../src/volume/record.js'
import { newUuid } from '../../src/volume/uuid.js'
import type { EmptyVolume } from '../simulation/empty-volume.js'
import { runFsck } from '../support/fsck.js'
import { openTestVfs } from '../vfs/test-vfs.js'
import { damageStore, type RawStore } from './raw-store.js'
import { noise, useVolume, writeAt } from './used-volume.js'

const { head, dirent, inode: inodeKind, journal, log } = RecordKind
let scratch = ''
let identity: EmptyVolume

before(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'cassfs-damage-'))
  const store = await openLmdbStore({ directory: join(scratch, 'sound') })
  const opened = await openTestVfs({ store })
  identity = opened.identity
  await useVolume(opened.vfs)
  await writeAt(opened.vfs, 1, 'twin', 0, noise(5000, 1))
  await opened.close()
  await store.close()
})
after(() => rmSync(scratch, { recursive: true, force: true }))

const dirOf = (raw: RawStore) => raw.ino(1, 'dir')

function changeHead(raw: RawStore, change: Partial<ReturnType<typeof decodeHead>>): void {
  raw.put(head, 0, '', encodeHead({ ...decodeHead(raw.value(head, 0)), ...change }))
}

function changeShared(raw: RawStore, change: { nlink?: number; mode?: number }): void {
  const ino = raw.ino(dirOf(raw), 'shared')
  const inode = decodeInode(ino, raw.value(inodeKind, ino))
  raw.put(inodeKind, ino, '', encodeInode({ ...inode, ...change }))
}

/** The ledger's row of a block, changed. */
function changeRow(
  raw: RawStore,
  hash: string,
  change: (row: ReturnType<typeof decodeBlockRow>) => Partial<ReturnType<typeof decodeBlockRow>>,
): void {
  const key = raw.blockKey(hash)
  const row = decodeBlockRow(raw.rows('ledger').getBinary(key) ?? assert.fail('no such row'))
  raw.rows('ledger').putSync(key, Buffer.from(encodeBlockRow({ ...row, ...change(row) })))
}

function changeBytes(raw: RawStore, hash: string): void {
  const key = raw.blockKey(hash)
  const bytes = raw.rows('blocks').getBinary(key) ?? assert.fail('no such block')
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  raw.rows('blocks').putSync(key, bytes)
}

function changeVolumeRow(raw: RawStore, change: { count?: number; owner?: string }): void {
  const row = decodeVolumeRow(raw.rows('volumes').getBinary(raw.volume) ?? assert.fail())
  const key = raw.volume
  raw.rows('volumes').putSync(key, Buffer.from(encodeVolumeRow({ ...row, ...change })))
}

const seqOf = (raw: RawStore) => decodeHead(raw.value(head, 0)).seq

/** A manifest's last block that a manifest names. */
function lastBlock(raw: RawStore): string {
  const row = raw.rows('ledger').getBinary(raw.blockKey(raw.hashOf(dirOf(raw), 'big')))
  return decodeBlockRow(row ?? assert.fail()).refs.at(-1) ?? assert.fail()
}

/** Moves the entry of a directory with all that the index says of it. */
function moveEntry(raw: RawStore, from: [number, string], to: [number, string]): void {
  const value = raw.value(dirent, ...from)
  const ino = raw.ino(...from)
  raw.remove(dirent, ...from)
  raw.put(dirent, ...to, value)
  raw.rows('links').removeSync(linkKey(raw.volume, ino, ...from))
  raw.rows('links').putSync(linkKey(raw.volume, ino, ...to), Buffer.alloc(0))
}

function cutShort(raw: RawStore, kind: 1 | 2, parent: number, name = ''): void {
  raw.put(kind, parent, name, raw.value(kind, parent, name).subarray(0, 12))
}

type Damage = [name: string, damage: (raw: RawStore) => void, findings: (string | RegExp)[]]

const damages: Damage[] = [
  [
    'an entry cut short',
    (raw) => cutShort(raw, dirent, dirOf(raw), 'pipe'),
    [/^record \/dir\/pipe: damaged dirent: it ends after 12 bytes/],
  ],
  [
    'an entry of a newer format',
    (raw) => {
      const value = raw.value(dirent, dirOf(raw), 'small')
      value[2] = 7
      raw.put(dirent, dirOf(raw), 'small', value)
    },
    [/^record \/dir\/small: dirent has format version 7, written by a newer CassFS/],
  ],
  [
    'a directory cut short',
    (raw) => cutShort(raw, dirent, dirOf(raw), 'deep'),
    [/^record \/dir\/deep: damaged dirent: it ends after 12 bytes/],
  ],
  [
    'an inode record cut short',
    (raw) => cutShort(raw, inodeKind, raw.ino(dirOf(raw), 'shared')),
    [/^record: the record of inode \d+: damaged inode record: it ends after/],
  ],
  [
    'no inode record behind two entries',
    (raw) => {
      const ino = raw.ino(dirOf(raw), 'shared')
      const { size } = decodeInode(ino, raw.value(inodeKind, ino))
      const { usedBytes, usedInodes } = decodeHead(raw.value(head, 0))
      const row = decodeVolumeRow(raw.rows('volumes').getBinary(raw.volume) ?? assert.fail())
      const content = decodeInode(ino, raw.value(inodeKind, ino)).content
      raw.remove(inodeKind, ino)
      changeHead(raw, { usedBytes: usedBytes - size, usedInodes: usedInodes - 1 })
      changeVolumeRow(raw, { count: row.count - 1 })
      if (content.kind === 'block') changeRow(raw, content.hash, () => ({ count: 0 }))
    },
    [/^inode \/dir\/other: inode \d+ does not exist$/, /^inode \/dir\/shared: inode \d+ does not/],
  ],
  [
    'another type in the inode than in its entries',
    (raw) => changeShared(raw, { mode: 0o060644 }),
    [
      'inode /dir/shared: it is a block device and has the bytes of a file',
      /^inode \/dir\/shared: the entry says a regular file, inode \d+ is a block device$/,
      /^usage: the head counts \d+ bytes in use, and the files have \d+$/,
    ],
  ],
  [
    'a link count of a file',
    (raw) => changeShared(raw, { nlink: 3 }),
    ['links /dir/shared: its link count is 3, and it has 2 names'],
  ],
  [
    'a link count of a directory',
    (raw) => raw.change(1, 'dir', { nlink: 9 }),
    ['links /dir: its link count is 9 instead of 3: there are 1 directory in it'],
  ],
  [
    'an inode without a name',
    (raw) => {
      raw.put(
        inodeKind,
        9_999_999,
        '',
        encodeInode({
          ...raw.inode(1, 'dir'),
          mode: 0o100644,
          nlink: 1,
          ino: 9_999_999,
          size: 0,
          shared: true,
        }),
      )
      const { usedInodes } = decodeHead(raw.value(head, 0))
      changeHead(raw, { usedInodes: usedInodes + 1 })
      const row = decodeVolumeRow(raw.rows('volumes').getBinary(raw.volume) ?? assert.fail())
      changeVolumeRow(raw, { count: row.count + 1 })
    },
    ['tree: inode 9999999 has no name'],
  ],
  [
    'a directory within itself',
    (raw) => {
      moveEntry(raw, [dirOf(raw), 'deep'], [raw.ino(dirOf(raw), 'deep'), 'deep'])
      raw.change(1, 'dir', { nlink: 2 })
      const deep = raw.ino(dirOf(raw) + 1, 'deep')
      raw.change(deep, 'deep', { nlink: 3 })
    },
    ['tree: directories that stand in each other and nowhere else: deep'],
  ],
  [
    'a directory in two places',
    (raw) => {
      const [ino, value] = [raw.ino(dirOf(raw), 'deep'), raw.value(dirent, dirOf(raw), 'deep')]
      raw.put(dirent, 1, 'again', value)
      raw.rows('links').putSync(linkKey(raw.volume, ino, 1, 'again'), Buffer.alloc(0))
      const rootInode = decodeInode(1, raw.value(inodeKind, 1))
      raw.put(inodeKind, 1, '', encodeInode({ ...rootInode, nlink: rootInode.nlink + 1 }))
      const row = decodeVolumeRow(raw.rows('volumes').getBinary(raw.volume) ?? assert.fail())
      changeVolumeRow(raw, { count: row.count + 1 })
    },
    [/^tree \/(again|dir\/deep): a directory that has another place already: \/(dir\/deep|again)$/],
  ],
  [
    'entries below a file',
    (raw) => moveEntry(raw, [dirOf(raw), 'small'], [raw.ino(dirOf(raw), 'block'), 'small']),
    [/^tree: 1 entry below inode \d+, which is no directory$/],
  ],
  [
    'entries below nothing',
    (raw) => moveEntry(raw, [dirOf(raw), 'small'], [8_888_888, 'small']),
    ['tree: 1 entry below inode 8888888, which does not exist'],
  ],
  [
    'a name that there cannot be',
    (raw) => moveEntry(raw, [dirOf(raw), 'small'], [dirOf(raw), 'a/b']),
    ['name /dir/a/b: a name with a slash or a NUL'],
  ],
  [
    'bytes in use',
    (raw) => changeHead(raw, { usedBytes: 5 }),
    [/^usage: the head counts 5 bytes in use, and the files have \d+$/],
  ],
  [
    'inodes in use',
    (raw) => changeHead(raw, { usedInodes: 5 }),
    [/^usage: the head counts 5 inodes in use, and there are \d+$/],
  ],
  [
    'the head',
    (raw) => raw.put(head, 0, '', Buffer.from([1, 0])),
    [/^head: the head of the volume: damaged head: it ends after/],
  ],
  [
    'an entry of the log',
    (raw) => raw.put(log, seqOf(raw) - 3, '', Buffer.from([1, 1, 2])),
    [/^log: the log: entry \d+: damaged log entry: it ends after/],
  ],
  [
    'entries of the log that are not there',
    (raw) => raw.remove(log, seqOf(raw) - 3),
    [/^log: the log: entries (\d+) to \1 are missing$/],
  ],
  [
    'the end of the log',
    (raw) => raw.remove(log, seqOf(raw)),
    [/^log: the log: it ends with entry \d+, and the head says \d+$/],
  ],
  [
    'the chain of the log',
    (raw) => {
      const seq = seqOf(raw) - 3
      const entry = decodeLogEntry(raw.value(log, seq))
      raw.put(log, seq, '', encodeLogEntry({ ...entry, previousRequest: newUuid() }))
    },
    [/^log: the log: entry \d+ does not follow on the one before it$/],
  ],
  [
    'a block that is not there',
    (raw) => raw.rows('blocks').removeSync(raw.blockKey(raw.hashOf(dirOf(raw), 'block'))),
    ['block /dir/block: block H is missing', 'block /twin: block H is missing'],
  ],
  [
    'a bit of a block',
    (raw) => changeBytes(raw, lastBlock(raw)),
    ['block /dir/big: block H cannot be read: block H holds other bytes'],
  ],
  [
    'a manifest that is not there',
    (raw) => raw.rows('blocks').removeSync(raw.blockKey(raw.hashOf(dirOf(raw), 'big'))),
    ['block /dir/big: block H is missing'],
  ],
  [
    'a bit of a manifest',
    (raw) => changeBytes(raw, raw.hashOf(dirOf(raw), 'big')),
    [/^block \/dir\/big: block H cannot be read: block H (holds other bytes|cannot be expanded)$/],
  ],
  [
    'the length of what a manifest describes',
    (raw) => {
      const { content } = raw.inode(dirOf(raw), 'big')
      if (content.kind !== 'manifest') assert.fail()
      raw.change(dirOf(raw), 'big', { content: { ...content, length: content.length - 1 } })
    },
    [/^block \/dir\/big: manifest H describes \d+ bytes instead of \d+$/],
  ],
  [
    'a file shorter than its bytes',
    (raw) => {
      const { size } = raw.inode(dirOf(raw), 'block')
      raw.change(dirOf(raw), 'block', { size: size - 1 })
      const { usedBytes } = decodeHead(raw.value(head, 0))
      changeHead(raw, { usedBytes: usedBytes - 1 })
    },
    ['inode /dir/block: it has 5000 bytes, and its size is 4999'],
  ],
  [
    'a block of attributes',
    (raw) =>
      changeBytes(raw, raw.inode(dirOf(raw), 'attributed').xattrBlock?.hash ?? assert.fail()),
    [/^block \/dir\/attributed: block H cannot be read: block H holds other bytes$/],
  ],
  [
    'the count of a block',
    (raw) => changeRow(raw, raw.hashOf(1, 'twin'), () => ({ count: 1 })),
    ['books: block H is counted 1 times, and named 2 times'],
  ],
  [
    'the trails of a block',
    (raw) => changeRow(raw, raw.hashOf(1, 'twin'), ({ trails }) => ({ trails: trails + 2 })),
    [/^books: block H is booked with \d trails, and has \d$/],
  ],
  [
    'what a manifest names in the books',
    (raw) => changeRow(raw, raw.hashOf(dirOf(raw), 'big'), ({ refs }) => ({ refs: refs.slice(1) })),
    [/^books: the books have manifest H name \d+ blocks, not those that it does$/],
  ],
  [
    'a block that is in no book',
    (raw) => raw.rows('blocks').putSync(raw.blockKey('ab'.repeat(32)), Buffer.from([1, 0, 1, 65])),
    ['books: block H is not in the books'],
  ],
  [
    'a block that nothing names and nothing will delete',
    (raw) => {
      const key = raw.blockKey('ab'.repeat(32))
      raw.rows('blocks').putSync(key, Buffer.from([1, 0, 1, 65]))
      const row = { count: 0, trails: 0, uploadedMs: 1, refs: [] }
      raw.rows('ledger').putSync(key, Buffer.from(encodeBlockRow(row)))
    },
    ['books: block H is named by nothing and will never be deleted'],
  ],
  [
    'a row of the books',
    (raw) => raw.rows('ledger').putSync(raw.blockKey(raw.hashOf(1, 'twin')), Buffer.from([1])),
    [/^books: the row of block H: damaged block row: it ends after/],
  ],
  [
    'the number of records',
    (raw) => changeVolumeRow(raw, { count: 3 }),
    [/^books: the volume's row counts 3 records, and there are \d+$/],
  ],
  [
    'the row of the volume',
    (raw) => raw.rows('volumes').putSync(raw.volume, Buffer.from([1])),
    [/^books: the row of the volume: damaged volume row: it ends after/],
  ],
  [
    'a row of the index that is not there',
    (raw) => {
      const dir = dirOf(raw)
      raw.rows('links').removeSync(linkKey(raw.volume, raw.ino(dir, 'small'), dir, 'small'))
    },
    ['index /dir/small: the index lacks it'],
  ],
  [
    'a row of the index too many',
    (raw) => raw.rows('links').putSync(linkKey(raw.volume, 77_777, 1, 'no'), Buffer.alloc(0)),
    ['index /no: the index has it as a name of inode 77777, which it is not'],
  ],
  [
    'the record of a journal',
    (raw) => raw.put(journal, 0, newUuid(), encodeJournalNumber(7).subarray(0, 1)),
    [/^record: the record of journal ID: damaged journal record: it ends after/],
  ],
  [
    'a symbolic link without a target',
    (raw) => raw.change(dirOf(raw), 'symlink', { target: '', size: 0 }),
    ['inode /dir/symlink: a symbolic link without a target'],
  ],
]

for (const [index, [name, damage, expected]] of damages.entries())
  test(`fsck finds ${name}`, async () => {
    const directory = join(scratch, `damage-${index}`)
    cpSync(join(scratch, 'sound'), directory, { recursive: true })
    await damageStore(directory, identity, damage)
    const store = await openLmdbStore({ directory, housekeeping: false })
    try {
      const { findings } = await runFsck(store, identity)
      const isSame = (found: string, at: number) => {
        const wanted = expected[at]
        return typeof wanted === 'string' ? found === wanted : wanted?.test(found)
      }
      const sorted = [...findings].sort()
      assert.ok(sorted.length === expected.length && sorted.every(isSame), sorted.join('\n'))
    } finally {
      await store.close()
      rmSync(directory, { recursive: true })
    }
  })

test('fsck finds nothing in the store that the others are made of', async () => {
  const store = await openLmdbStore({ directory: join(scratch, 'sound'), housekeeping: false })
  try {
    assert.deepEqual((await runFsck(store, identity)).findings, [])
    assert.deepEqual((await runFsck(store, { ...identity, readBlocks: true })).findings, [])
  } finally {
    await store.close()
  }
})
