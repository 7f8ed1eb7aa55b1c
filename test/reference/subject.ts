// What the reference test compares: the outcome of one call, and the tree with all that stat shows.

import type { Operation } from './operation.js'

/** An errno, or what the call answered. */
export type Outcome = { readonly errno: string } | { readonly value: unknown }

export interface Entry {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly nlink: number
  /** Undefined for directories, whose size means nothing. */
  readonly size: number | undefined
  /** Bytes of a file, target of a link, in latin1. */
  readonly content: string | undefined
  /** Nanoseconds; compared only for whether a call moved them, and where they were set. */
  readonly mtime: bigint
  readonly ctime: bigint
}

/** By path; '' is the root. */
export type Tree = ReadonlyMap<string, Entry>

export interface Subject {
  run(operation: Operation): Promise<Outcome>
  tree(): Promise<Tree>
  close(): Promise<void>
}

/** What a call answers about one inode, in both worlds. */
export function statValue(entry: Omit<Entry, 'content' | 'mtime' | 'ctime'>): unknown {
  const { mode, uid, gid, nlink, size } = entry
  return { mode, uid, gid, nlink, size }
}

/** Paths whose time moved between two trees. */
export function moved(before: Tree, after: Tree, time: 'mtime' | 'ctime'): string[] {
  const paths: string[] = []
  for (const [path, entry] of after) {
    const old = before.get(path)
    if (old && old[time] !== entry[time]) paths.push(path)
  }
  return paths.sort()
}

/** A tree as lines without times: what has to be equal. */
export function describe(tree: Tree): string[] {
  return [...tree]
    .map(([path, { mode, uid, gid, nlink, size, content }]) => {
      const bytes = content === undefined ? '' : ` ${digest(content)}`
      return `${path} ${mode.toString(8)} ${uid}:${gid} ${nlink} ${size ?? '-'}${bytes}`
    })
    .sort()
}

/** Short enough to read, long enough to differ where the bytes do. */
function digest(content: string): string {
  const runs: string[] = []
  for (let at = 0; at < content.length; ) {
    let end = at
    while (content[end] === content[at]) end++
    runs.push(`${content.charCodeAt(at).toString(16)}x${end - at}`)
    at = end
  }
  return runs.join(',')
}
