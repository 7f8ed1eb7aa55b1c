// Structures of fuse.h written field by field, for what tests expect and for frames made by hand.
// Shares nothing with the code under test.

export type Field = Buffer

export function u16(...values: number[]): Field {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt16LE(value, 2 * index)
  return bytes
}

export function u32(...values: number[]): Field {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, 4 * index)
  return bytes
}

export function u64(...values: (number | bigint)[]): Field {
  const bytes = Buffer.alloc(8 * values.length)
  for (const [index, value] of values.entries()) {
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 8 * index)
  }
  return bytes
}

/** A string with its NUL. */
export function name(value: string): Field {
  return Buffer.from(`${value}\0`, 'latin1')
}

export function zeros(size: number): Field {
  return Buffer.alloc(size)
}

export interface RequestHeader {
  readonly opcode: number
  readonly unique?: number | bigint
  readonly nodeid?: number | bigint
  readonly uid?: number
  readonly gid?: number
  readonly pid?: number
  /** Extensions at the end, each a multiple of 8 bytes. */
  readonly extensions?: Buffer
}

/** A request: struct fuse_in_header, the body, the extensions. */
export function requestFrame(header: RequestHeader, ...body: Field[]): Buffer {
  const extensions = header.extensions ?? Buffer.alloc(0)
  const rest = Buffer.concat([...body, extensions])
  return Buffer.concat([
    u32(40 + rest.length, header.opcode),
    u64(header.unique ?? 2, header.nodeid ?? 1),
    u32(header.uid ?? 0, header.gid ?? 0, header.pid ?? 1),
    u16(extensions.length / 8, 0),
    rest,
  ])
}

/** A reply: struct fuse_out_header and the body. */
export function replyFrame(unique: number | bigint, error: number, ...body: Field[]): Buffer {
  const rest = Buffer.concat(body)
  return Buffer.concat([u32(16 + rest.length, error), u64(unique), rest])
}
