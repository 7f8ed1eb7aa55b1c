// What the reference test compares: the outcome of one call, and the tree with all that stat shows.

import type { Operation } from './operation.js'

/** An errno, or what the call answered. */
export type Outcome = { readonly errno: string } | { readonly value: unknown }

/** Answered for a call on a slot without a descriptor. */
export const nothingOpen = 'nothing is open'

export interface Entry {
  /** Not compared: tells whether a path still leads to the same inode. */
  readonly ino: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly nlink: number
  /** Undefined for directories, whose size means nothing. */
  readonly size: number | undefined
  /** Bytes of a file, target of a link, in latin1. */
  readonly content: string | undefined
  /** Extended attributes and their values, in order. */
  readonly xattrs: readonly string[]
  /** Nanoseconds; compared only for whether a call moved them, and where they were set. */
  readonly mtime: bigint
  readonly ctime: bigint
}

/** By path; '' is the root. */
export type Tree = ReadonlyMap<string, Entry>

export interface Subject<Called = Operation> {
  run(operation: Called): Promise<Outcome>
  tree(): Promise<Tree>
  close(): Promise<void>
}

/** What a call answers about one inode, in both worlds. */
export function statValue(
  entry: Omit<Entry, 'ino' | 'content' | 'xattrs' | 'mtime' | 'ctime'>,
): unknown {
  const { mode, uid, gid, nlink, size } = entry
  return { mode, uid, gid, nlink, size }
}

/** Which of these paths have another time in the second tree. */
export function moved(
  paths: readonly string[],
  before: Tree,
  after: Tree,
  time: 'mtime' | 'ctime',
): string[] {
  return paths.filter((path) => before.get(path)?.[time] !== after.get(path)?.[time])
}

/**
 * Paths that lead to the same inode in both trees. Of a file that took another's place nothing is to be
 * said: a host gives both one time where they were made within one tick of its clock.
 */
export function sameInodes(before: Tree, after: Tree): string[] {
  const paths = [...after.keys()].filter((path) => before.get(path)?.ino === after.get(path)?.ino)
  return paths.sort()
}

/** A tree as lines without times: what has to be equal. */
export function describe(tree: Tree): string[] {
  return [...tree]
    .map(([path, { mode, uid, gid, nlink, size, content, xattrs }]) => {
      const bytes = content === undefined ? '' : ` ${digest(content)}`
      return `${path} ${mode.toString(8)} ${uid}:${gid} ${nlink} ${size ?? '-'}${bytes} ${xattrs.join(' ')}`
    })
    .sort()
}

/** Short enough to read, long enough to differ where the bytes do. */
function digest(content: string): string {
  const bytes = Buffer.from(content, 'latin1')
  const runs: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number
    let end = at
    while (bytes[end] === byte) end++
    runs.push(`${byte.toString(16)}x${end - at}`)
    at = end
  }
  return runs.join(',')
}
