/**
 * The operations of a crash test's writer: what each does to a real folder, and what it means for
 * the folder's contents. Both sides derive the bytes from a seed, so that a log line is enough.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { makeContent } from '../support/tree.js'

/** A line of the log: names are relative to the writer's folder. */
export type Operation =
  /** open(O_CREAT|O_TRUNC), write, close. */
  | { kind: 'write'; name: string; seed: number; size: number }
  /** open(O_APPEND), write, fsync, close: acknowledged by fsync. */
  | { kind: 'append'; name: string; seed: number; size: number }
  /** A new file in full, then renamed over the old one. */
  | { kind: 'replace'; name: string; seed: number; size: number }
  | { kind: 'truncate'; name: string; size: number }
  | { kind: 'rename'; name: string; to: string }
  | { kind: 'unlink'; name: string }
  | { kind: 'symlink'; name: string; to: string }
  | { kind: 'mkdir'; name: string }
  | { kind: 'rmdir'; name: string }

export const contentOf = (operation: { seed: number; size: number }) =>
  makeContent(operation.seed, operation.size)

/** The name under which `replace` writes before it renames. */
export const temporaryName = (name: string) => `${name}.new`

/** Writes in pieces, as programs do: a kill may fall between two of them. */
function writeAll(fd: number, content: Buffer): void {
  const piece = 32 << 10
  for (let at = 0; at < content.length; ) {
    const length = Math.min(piece, content.length - at)
    at += writeSync(fd, content, at, length)
  }
}

function writeFile(path: string, flags: string, content: Buffer, sync: boolean): void {
  const fd = openSync(path, flags)
  try {
    writeAll(fd, content)
    if (sync) fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Does it below `root`; comes back once the file system acknowledged it, throws what it refused. */
export function perform(root: string, operation: Operation): void {
  const path = `${root}/${operation.name}`
  switch (operation.kind) {
    case 'write':
      writeFile(path, 'w', contentOf(operation), false)
      break
    case 'append':
      writeFile(path, 'a', contentOf(operation), true)
      break
    case 'replace':
      writeFile(`${root}/${temporaryName(operation.name)}`, 'w', contentOf(operation), false)
      renameSync(`${root}/${temporaryName(operation.name)}`, path)
      break
    case 'truncate':
      truncateSync(path, operation.size)
      break
    case 'rename':
      renameSync(path, `${root}/${operation.to}`)
      break
    case 'unlink':
      unlinkSync(path)
      break
    case 'symlink':
      symlinkSync(operation.to, path)
      break
    case 'mkdir':
      mkdirSync(path)
      break
    case 'rmdir':
      rmdirSync(path)
  }
}
