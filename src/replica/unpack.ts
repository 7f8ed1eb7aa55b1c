// From records to names and inodes. One that cannot be read is an error of input and output, and says where it is.

import { Errno, FsError } from '../posix/errno.js'
import type { Inode } from '../volume/inode.js'
import { decodeDirent, decodeInode } from '../volume/inode-codec.js'
import type { VolumeRecord } from '../volume/record.js'

export function unpackDirent(record: VolumeRecord): ReturnType<typeof decodeDirent> {
  try {
    return decodeDirent(record.value)
  } catch (cause) {
    const place = `${record.parent}/${JSON.stringify(record.name)}`
    throw new FsError(Errno.EIO, `the directory entry ${place} cannot be read`, { cause })
  }
}

export function unpackInode(ino: number, value: Uint8Array): Inode {
  try {
    return decodeInode(ino, value)
  } catch (cause) {
    throw new FsError(Errno.EIO, `inode ${ino} cannot be read`, { cause })
  }
}
