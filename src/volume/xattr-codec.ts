// Extended attributes as bytes: within an inode's record, or as the plain bytes of a block of their
// own (`Inode.xattrBlock`) where they are too large for it. Sorted by name, so that equal sets are
// equal bytes, and hence one block.

import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { formatVersion } from './format-error.js'
import type { Xattrs } from './inode.js'

/** No extended attributes: nearly every inode's. */
export const noXattrs: Xattrs = new Map()

const writer = new ByteWriter()

/** The plain bytes of a block that holds an inode's extended attributes. */
export function encodeXattrs(xattrs: Xattrs): Uint8Array {
  writer.reset().u8(formatVersion)
  writeXattrs(writer, xattrs)
  return writer.take()
}

/** Throws FormatError. */
export function decodeXattrs(bytes: Uint8Array): Xattrs {
  const reader = new ByteReader(bytes, 'block of extended attributes')
  reader.version()
  const xattrs = readXattrs(reader)
  reader.end()
  return xattrs
}

/** Their number, then each name and value behind its length. */
export function writeXattrs(writer: ByteWriter, xattrs: Xattrs): void {
  writer.varint(xattrs.size)
  const sorted = [...xattrs].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [name, value] of sorted) {
    writer.name(name)
    writer.blob(value)
  }
}

export function readXattrs(reader: ByteReader): Xattrs {
  const xattrs = new Map<string, Uint8Array>()
  let last: string | undefined
  for (let left = reader.varint(); left > 0; left--) {
    const name = reader.name()
    if (last !== undefined && name <= last) throw reader.damaged('extended attributes out of order')
    xattrs.set(name, reader.blob())
    last = name
  }
  return xattrs
}
