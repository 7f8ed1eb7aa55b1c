// Random calls that only the kernel can be asked for, beside those of operation.ts: what has no path in a vfs
// (mappings, /proc) or no function in Node.

import fc from 'fast-check'
import type { Acl } from '../../src/posix/acl.js'
import { type Operation, operation, slots, type Who } from './operation.js'

/** A time of utimensat(2): nanoseconds, or what UTIME_NOW and UTIME_OMIT stand for. */
export type Time = { readonly sec: number; readonly nsec: number } | 'now' | 'omit'

export type KernelCall =
  | { readonly op: 'renameat2'; readonly path: string; readonly to: string; readonly flags: number }
  | {
      readonly op: 'fallocate'
      readonly slot: number
      readonly mode: number
      readonly offset: number
      readonly length: number
    }
  /** Not where the holes are (file systems have blocks of their own), but whether what is told is true. */
  | { readonly op: 'seek'; readonly slot: number; readonly offset: number }
  | {
      readonly op: 'copy'
      readonly slot: number
      readonly from: number
      readonly offset: number
      readonly to: number
      readonly length: number
    }
  /** Turns all bits of some bytes, so that each of them is another; then fsync. */
  | {
      readonly op: 'map'
      readonly slot: number
      readonly offset: number
      readonly length: number
    }
  | {
      readonly op: 'setxattr'
      readonly path: string
      readonly name: string
      readonly length: number
      readonly flags: number
    }
  | { readonly op: 'getxattr' | 'removexattr'; readonly path: string; readonly name: string }
  | { readonly op: 'listxattr'; readonly path: string }
  | { readonly op: 'setacl'; readonly path: string; readonly acl: Acl; readonly isDefault: boolean }
  | {
      readonly op: 'tmpfile'
      readonly path: string
      readonly slot: number
      readonly mode: number
    }
  | { readonly op: 'linkOpen'; readonly slot: number; readonly path: string }
  | {
      readonly op: 'utimens'
      readonly path: string
      readonly atime: Time
      readonly mtime: Time
    }
  | { readonly op: 'futimens'; readonly slot: number; readonly atime: Time; readonly mtime: Time }
  | { readonly op: 'fchmod'; readonly slot: number; readonly mode: number }
  | { readonly op: 'fchown'; readonly slot: number; readonly uid: number; readonly gid: number }
  | { readonly op: 'mkfifo'; readonly path: string; readonly mode: number }

export type KernelOperation = Operation | (Who & KernelCall)

const leaf = fc.constantFrom('a', 'b', 'c')
const path = fc
  .array(leaf, { maxLength: 2 })
  .chain((parents) =>
    fc.constantFrom('a', 'b', 'c', 'l').map((last) => [...parents, last].join('/')),
  )
const who = fc.constantFrom(0, 0, 1, 1, 2)
const slot = fc.nat(slots - 1)
const size = fc.oneof(fc.nat(200), fc.nat(300_000))
const mode = fc.constantFrom(0o755, 0o644, 0o600, 0o666, 0o4755, 0o2755, 0o6711, 0o1777, 0, 0o2640)
const id = fc.constantFrom(0, 1000, 1001)
const gid = fc.constantFrom(0, 1000, 2000)
const time: fc.Arbitrary<Time> = fc.oneof(
  fc.record({ sec: fc.nat(2_000_000_000), nsec: fc.nat(999_999_999) }),
  fc.constantFrom<Time>('now', 'omit'),
)
const xattrName = fc.constantFrom(
  ...['user.a', 'user.b', `user.${'n'.repeat(100)}`, 'trusted.t', 'security.s', 'other.o', 'user.'],
)
const permissions = fc.nat(7)
const acl: fc.Arbitrary<Acl> = fc
  .record({
    owner: permissions,
    user: fc.option(fc.record({ id, permissions })),
    group: permissions,
    named: fc.option(fc.record({ id: gid, permissions })),
    mask: fc.option(permissions),
    other: permissions,
  })
  .map(toAcl)

interface Parts {
  readonly owner: number
  readonly user: { readonly id: number; readonly permissions: number } | null
  readonly group: number
  readonly named: { readonly id: number; readonly permissions: number } | null
  readonly mask: number | null
  readonly other: number
}

/** Of entries that are nobody's by name. */
const noId = 0xffff_ffff

/** Tags as the kernel numbers them; without a mask where one is needed it is refused. */
function toAcl({ owner, user, group, named, mask, other }: Parts): Acl {
  return [
    { tag: 1, permissions: owner, id: noId },
    ...(user ? [{ tag: 2, ...user }] : []),
    { tag: 4, permissions: group, id: noId },
    ...(named ? [{ tag: 8, ...named }] : []),
    ...(mask === null ? [] : [{ tag: 16, permissions: mask, id: noId }]),
    { tag: 32, permissions: other, id: noId },
  ]
}

function of<const K extends KernelCall['op'], R extends object>(
  op: K,
  record: { [F in keyof R]: fc.Arbitrary<R[F]> },
): fc.Arbitrary<KernelOperation> {
  return fc.record({
    op: fc.constant(op),
    who,
    ...record,
  }) as unknown as fc.Arbitrary<KernelOperation>
}

/** KEEP_SIZE 1, PUNCH_HOLE 2, ZERO_RANGE 16; collapsing and inserting is refused here, not by the host. */
const fallocateMode = fc.constantFrom(0, 0, 1, 3, 3, 16, 17, 2, 64)

export const kernelOperation: fc.Arbitrary<KernelOperation> = fc.oneof(
  { arbitrary: operation as fc.Arbitrary<KernelOperation>, weight: 90 },
  {
    arbitrary: of('renameat2', { path, to: path, flags: fc.constantFrom(0, 1, 1, 2, 2, 3, 8) }),
    weight: 10,
  },
  {
    arbitrary: of('fallocate', { slot, mode: fallocateMode, offset: size, length: size }),
    weight: 7,
  },
  { arbitrary: of('seek', { slot, offset: size }), weight: 5 },
  {
    arbitrary: of('copy', { slot, from: slot, offset: size, to: size, length: size }),
    weight: 5,
  },
  { arbitrary: of('map', { slot, offset: size, length: fc.nat(20_000) }), weight: 4 },
  {
    arbitrary: of('setxattr', {
      path,
      name: xattrName,
      length: fc.nat(60),
      flags: fc.constantFrom(0, 0, 1, 2),
    }),
    weight: 6,
  },
  { arbitrary: of('getxattr', { path, name: xattrName }), weight: 2 },
  { arbitrary: of('removexattr', { path, name: xattrName }), weight: 3 },
  { arbitrary: of('listxattr', { path }), weight: 2 },
  { arbitrary: of('setacl', { path, acl, isDefault: fc.boolean() }), weight: 6 },
  { arbitrary: of('tmpfile', { path: leaf, slot, mode }), weight: 3 },
  { arbitrary: of('linkOpen', { slot, path }), weight: 3 },
  { arbitrary: of('utimens', { path, atime: time, mtime: time }), weight: 4 },
  { arbitrary: of('futimens', { slot, atime: time, mtime: time }), weight: 3 },
  { arbitrary: of('fchmod', { slot, mode }), weight: 4 },
  { arbitrary: of('fchown', { slot, uid: id, gid }), weight: 4 },
  { arbitrary: of('mkfifo', { path, mode }), weight: 1 },
)
