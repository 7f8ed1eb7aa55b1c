/** Damage to names, inodes and directories, and what fsck says of it. */
import assert from 'node:assert/strict'
import { decodeVolumeRow } from '../../src/store/lmdb/rows.js'
import { linkKey } from '../../src/tables/lmdb-keys.js'
import { decodeHead } from '../../src/volume/head-codec.js'
import { decodeInode, encodeInode } from '../../src/volume/inode-codec.js'
import { RecordKind } from '../../src/volume/record.js'
import {
  changeHead,
  changeRow,
  changeShared,
  changeVolumeRow,
  cutShort,
  type Damage,
  dirOf,
  moveEntry,
} from './damage.js'

const { head, dirent, inode: inodeKind } = RecordKind

export const treeDamages: readonly Damage[] = [
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
    [
      'books: block H is named by nothing and will never be deleted',
      /^inode \/dir\/other: inode \d+ does not exist$/,
      /^inode \/dir\/shared: inode \d+ does not/,
    ],
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
]
