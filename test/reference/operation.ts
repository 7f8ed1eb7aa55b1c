// Random calls for the reference test: what is called, by whom, on which of a few names. Symbolic links
// are only ever called "l" and never walked through: neither side is asked to follow one.

import fc from 'fast-check'
import type { Caller } from '../../src/vfs/vfs.js'

export interface Who {
  readonly who: number
}

export type Operation = Who &
  (
    | { readonly op: 'mkdir'; readonly path: string; readonly mode: number }
    | {
        readonly op: 'open'
        readonly path: string
        readonly flags: number
        readonly mode: number
        readonly slot: number
      }
    | {
        readonly op: 'write'
        readonly slot: number
        readonly offset: number
        readonly length: number
        readonly byte: number
      }
    | {
        readonly op: 'read'
        readonly slot: number
        readonly offset: number
        readonly length: number
      }
    | {
        readonly op: 'fallocate'
        readonly slot: number
        readonly mode: number
        readonly offset: number
        readonly length: number
      }
    | { readonly op: 'ftruncate'; readonly slot: number; readonly size: number }
    | { readonly op: 'fsync' | 'close' | 'fstat'; readonly slot: number }
    | { readonly op: 'truncate'; readonly path: string; readonly size: number }
    | { readonly op: 'unlink' | 'rmdir' | 'lstat' | 'readdir'; readonly path: string }
    | { readonly op: 'rename' | 'link'; readonly path: string; readonly to: string }
    | { readonly op: 'symlink'; readonly path: string; readonly target: string }
    | { readonly op: 'chmod'; readonly path: string; readonly mode: number }
    | {
        readonly op: 'lchown'
        readonly path: string
        readonly uid: number
        readonly gid: number
      }
    | {
        readonly op: 'lutimes'
        readonly path: string
        readonly atime: number
        readonly mtime: number
      }
    | { readonly op: 'access'; readonly path: string; readonly mask: number }
  )

/** Who calls: root, a user with a group more, and a user of that group. */
export const callers: readonly Caller[] = [
  { uid: 0, gid: 0, groups: [], umask: 0o022, pid: 1 },
  { uid: 1000, gid: 1000, groups: [2000], umask: 0o022, pid: 2 },
  { uid: 1001, gid: 2000, groups: [], umask: 0o022, pid: 3 },
]

export const slots = 4
export const linkName = 'l'

/** The name behind the last slash. */
export function leafOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

const leaf = fc.oneof(
  { arbitrary: fc.constantFrom('a', 'b', 'c'), weight: 40 },
  { arbitrary: fc.constantFrom('x'.repeat(255), 'y'.repeat(256), 'n\u00ff'), weight: 1 },
)
const path = fc
  .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 })
  .chain((parents) => leaf.map((last) => [...parents, last].join('/')))
const linkPath = fc
  .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 })
  .map((parents) => [...parents, linkName].join('/'))
const anyPath = fc.oneof({ arbitrary: path, weight: 6 }, { arbitrary: linkPath, weight: 1 })
const who = fc.constantFrom(0, 0, 1, 1, 2)
const slot = fc.nat(slots - 1)
const mode = fc.constantFrom(
  ...[0o755, 0o700, 0o777, 0o644, 0o600, 0o666, 0o1777, 0o2755, 0o2770, 0o4755, 0o6711, 0, 0o2640],
)
const size = fc.oneof(fc.nat(200), fc.nat(300_000))
/** Plain, KEEP_SIZE, PUNCH_HOLE: what every local file system has, tmpfs too. */
const allocation = fc.constantFrom(0, 1, 3)
const id = fc.constantFrom(0, 1000, 1001)
const gid = fc.constantFrom(0, 1000, 2000)
const time = fc.integer({ min: 0, max: 2_000_000_000 })

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND } = {
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
}
const flags = fc
  .tuple(
    fc.constantFrom(O_RDONLY, O_WRONLY, O_RDWR, O_RDWR),
    fc.constantFrom(0, O_CREAT, O_CREAT, O_CREAT | O_EXCL),
    fc.constantFrom(0, 0, O_TRUNC),
    fc.constantFrom(0, 0, O_APPEND),
  )
  .map((bits) => bits.reduce((all, bit) => all | bit, 0))

/** What every run begins with, so that most calls find something. */
export const prelude: readonly Operation[] = [
  { op: 'mkdir', who: 0, path: 'a', mode: 0o777 },
  { op: 'mkdir', who: 1, path: 'a/a', mode: 0o2755 },
  { op: 'chmod', who: 0, path: 'a', mode: 0o777 },
  { op: 'mkdir', who: 1, path: 'b', mode: 0o777 },
  { op: 'mkdir', who: 2, path: 'b/b', mode: 0o700 },
  { op: 'open', who: 0, path: 'a/b', flags: O_RDWR | O_CREAT, mode: 0o666, slot: 0 },
  { op: 'open', who: 1, path: 'a/a/b', flags: O_RDWR | O_CREAT, mode: 0o6777, slot: 1 },
  { op: 'open', who: 2, path: 'c', flags: O_RDWR | O_CREAT, mode: 0o644, slot: 2 },
  { op: 'write', who: 0, slot: 0, offset: 0, length: 1000, byte: 65 },
  { op: 'symlink', who: 1, path: 'a/l', target: 'b' },
  { op: 'chmod', who: 0, path: 'a', mode: 0o1777 },
]

function of<const K extends Operation['op'], R extends object>(
  op: K,
  record: { [F in keyof R]: fc.Arbitrary<R[F]> },
): fc.Arbitrary<Operation> {
  return fc.record({ op: fc.constant(op), who, ...record }) as unknown as fc.Arbitrary<Operation>
}

const plain: ReadonlySet<string> = new Set<Operation['op']>([
  ...(['mkdir', 'open', 'write', 'read', 'ftruncate', 'fsync', 'close', 'fstat'] as const),
  ...(['truncate', 'unlink', 'rmdir', 'lstat', 'readdir', 'rename', 'link'] as const),
  ...(['symlink', 'chmod', 'lchown', 'lutimes', 'access'] as const),
])

/** One of these, not one that only the kernel can be asked for. */
export function isPlain(one: { readonly op: string }): one is Operation {
  return plain.has(one.op)
}

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { arbitrary: of('mkdir', { path, mode }), weight: 8 },
  { arbitrary: of('open', { path, flags, mode, slot }), weight: 14 },
  {
    arbitrary: of('write', { slot, offset: size, length: size, byte: fc.nat(255) }),
    weight: 10,
  },
  { arbitrary: of('read', { slot, offset: size, length: size }), weight: 5 },
  { arbitrary: of('ftruncate', { slot, size }), weight: 3 },
  { arbitrary: of('fallocate', { slot, mode: allocation, offset: size, length: size }), weight: 4 },
  { arbitrary: of('fsync', { slot }), weight: 2 },
  { arbitrary: of('close', { slot }), weight: 4 },
  { arbitrary: of('fstat', { slot }), weight: 2 },
  { arbitrary: of('truncate', { path, size }), weight: 3 },
  { arbitrary: of('unlink', { path: anyPath }), weight: 4 },
  { arbitrary: of('rmdir', { path: anyPath }), weight: 4 },
  { arbitrary: of('lstat', { path: anyPath }), weight: 2 },
  { arbitrary: of('readdir', { path }), weight: 2 },
  { arbitrary: of('rename', { path, to: path }), weight: 9 },
  { arbitrary: of('rename', { path: linkPath, to: linkPath }), weight: 1 },
  { arbitrary: of('link', { path, to: path }), weight: 5 },
  { arbitrary: of('link', { path: linkPath, to: linkPath }), weight: 1 },
  {
    arbitrary: of('symlink', { path: linkPath, target: fc.constantFrom('a', '../b', 'q') }),
    weight: 2,
  },
  { arbitrary: of('chmod', { path, mode }), weight: 6 },
  { arbitrary: of('lchown', { path: anyPath, uid: id, gid }), weight: 4 },
  { arbitrary: of('lutimes', { path: anyPath, atime: time, mtime: time }), weight: 3 },
  { arbitrary: of('access', { path, mask: fc.integer({ min: 1, max: 7 }) }), weight: 2 },
)
