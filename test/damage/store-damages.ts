/** Damage to heads, logs, blocks, books and the index, and what fsck says of it. */
import assert from 'node:assert/strict'
import { encodeBlockRow } from '../../src/store/lmdb/rows.js'
import { linkKey } from '../../src/tables/lmdb-keys.js'
import { decodeHead } from '../../src/volume/head-codec.js'
import { encodeJournalNumber } from '../../src/volume/journal-number.js'
import { decodeLogEntry, encodeLogEntry } from '../../src/volume/log-entry-codec.js'
import { RecordKind } from '../../src/volume/record.js'
import { newUuid } from '../../src/volume/uuid.js'
import {
  changeBytes,
  changeHead,
  changeRow,
  changeVolumeRow,
  type Damage,
  dirOf,
  lastBlock,
  seqOf,
} from './damage.js'

const { head, journal, log } = RecordKind

export const storeDamages: readonly Damage[] = [
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
