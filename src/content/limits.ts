// The sizes that shape contents. Only `blockBytesMax` is part of the format; the others are how this
// version writes, and may change: readers take any lengths.

/** Plain bytes of a block at most; no block crosses a multiple of it in its file (a *window*). */
export const blockBytesMax = 256 * 1024

/** Contents up to this stand in the inode itself. */
export const inlineBytesMax = 512

/**
 * Appended bytes wait in the inode up to this. At 1 KiB, lines of 256 bytes appended and saved one by
 * one cost 2.5 times their bytes in blocks and manifests: once as a piece, once more in the full block,
 * the rest is manifests (docs/decisions/short-manifests.md, append-cost.test.ts).
 */
export const tailBytesMax = 1024

/** Zeros between data shorter than this are stored, not left out: what local file systems do too. */
export const holeBytesMin = 4096

/** Packed extended attributes up to this stand in the inode itself. */
export const inlineXattrBytesMax = 4096

/** Files written whole are saved at once up to this: one manifest of 16 blocks, some 8 ms of one thread. */
export const atOnceBytesMax = 16 * blockBytesMax

/** Start of the window that holds `offset`. */
export function windowStart(offset: number): number {
  return offset - (offset % blockBytesMax)
}

/** The first window boundary at or behind `offset`. */
export function windowCeiling(offset: number): number {
  return windowStart(offset + blockBytesMax - 1)
}
