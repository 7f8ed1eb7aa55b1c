// Sizes and field positions that several structures of fuse.h share, and 64-bit numbers as pairs of
// u32. The protocol is in the byte order of the machine, as typed arrays are; that it is little
// endian is assumed only where a field is not aligned. All fields but names and data lie on
// multiples of 4 bytes, so positions here are in words of 4 bytes.

/** sizeof(struct fuse_in_header), in bytes. */
export const IN_HEADER_SIZE = 40
/** sizeof(struct fuse_out_header), in bytes. */
export const OUT_HEADER_SIZE = 16
/** First word of a request's body. */
export const IN_BODY = IN_HEADER_SIZE / 4
/** First word of a reply's body. */
export const OUT_BODY = OUT_HEADER_SIZE / 4

/** Words of struct fuse_in_header. */
export const InHeader = {
  len: 0,
  opcode: 1,
  unique: 2,
  nodeid: 4,
  uid: 6,
  gid: 7,
  pid: 8,
  /** u16, in units of 8 bytes; the upper half of the word is padding. */
  totalExtlen: 9,
} as const

/** sizeof(struct fuse_attr), fuse_entry_out, fuse_attr_out, fuse_statx_out, in bytes. */
export const ATTR_SIZE = 88
export const ENTRY_OUT_SIZE = 40 + ATTR_SIZE
export const ATTR_OUT_SIZE = 16 + ATTR_SIZE
export const STATX_OUT_SIZE = 32 + 256
/** Bytes of struct fuse_dirent before its name. */
export const DIRENT_NAME_OFFSET = 24
/** sizeof(struct fuse_init_out) since 7.23. */
export const INIT_OUT_SIZE = 64

/** Bit 31 of the upper half of `unique`: the request was delivered before (NOTIFY_RESEND). */
export const UNIQUE_RESEND_HI = 0x80000000

const TWO_32 = 0x1_0000_0000
/** The upper half of 2^53. */
const UPPER_LIMIT = 0x20_0000

/** 64 bits as a number; -1 where they are beyond 2^53, which no number holds exactly. */
export function toNumber(lo: number, hi: number): number {
  return hi < UPPER_LIMIT ? hi * TWO_32 + lo : -1
}

/** The upper 32 bits of a whole number; of a negative one in two's complement. */
export function upperHalf(value: number): number {
  return Math.floor(value / TWO_32) >>> 0
}

/** `size` rounded up to a multiple of 8 bytes (FUSE_REC_ALIGN). */
export function align8(size: number): number {
  return (size + 7) & ~7
}
