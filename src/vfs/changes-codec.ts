// Changes of attributes as bytes, for the journal: a part of intent-codec.ts. All of them but `outsider`, for which
// there is no bit left: that is a kind of change of its own.

import type { ByteReader } from '../volume/byte-reader.js'
import type { ByteWriter } from '../volume/byte-writer.js'
import type { Timespec } from '../volume/inode.js'
import type { SettledChanges } from './intents/setattr.js'

/** Bits of `changes`: which of them follow; the last two say all by themselves. */
const Change = {
  mode: 1,
  uid: 2,
  gid: 4,
  atime: 8,
  mtime: 16,
  ctime: 32,
  touch: 64,
  dropSetId: 128,
} as const

export function writeChanges(to: ByteWriter, changes: SettledChanges): void {
  const { mode, uid, gid, atime, mtime, ctime, touch, dropSetId } = changes
  to.u8(
    (mode === undefined ? 0 : Change.mode) |
      (uid === undefined ? 0 : Change.uid) |
      (gid === undefined ? 0 : Change.gid) |
      (atime ? Change.atime : 0) |
      (mtime ? Change.mtime : 0) |
      (ctime ? Change.ctime : 0) |
      (touch ? Change.touch : 0) |
      (dropSetId ? Change.dropSetId : 0),
  )
  for (const number of [mode, uid, gid]) if (number !== undefined) to.varint(number)
  for (const time of [atime, mtime, ctime]) if (time) writeTime(to, time)
}

export function readChanges(from: ByteReader): SettledChanges {
  const which = from.u8()
  return {
    ...(which & Change.mode ? { mode: from.varint() } : {}),
    ...(which & Change.uid ? { uid: from.varint() } : {}),
    ...(which & Change.gid ? { gid: from.varint() } : {}),
    ...(which & Change.atime ? { atime: readTime(from) } : {}),
    ...(which & Change.mtime ? { mtime: readTime(from) } : {}),
    ...(which & Change.ctime ? { ctime: readTime(from) } : {}),
    ...(which & Change.touch ? { touch: true } : {}),
    ...(which & Change.dropSetId ? { dropSetId: true } : {}),
  }
}

export function writeTime(to: ByteWriter, { sec, nsec }: Timespec): void {
  to.zigzag(sec)
  to.varint(nsec)
}

export function readTime(from: ByteReader): Timespec {
  return { sec: from.zigzag(), nsec: from.varint() }
}
