import { createHash } from 'node:crypto'

/** Length and hash: short enough to read, long enough to differ where the bytes do. */
export function makeDigest(bytes: Buffer): string {
  return `${bytes.length}:${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`
}
