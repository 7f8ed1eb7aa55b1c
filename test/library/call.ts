// Random calls for the comparison with node:fs/promises: plain data, so that both sides get the same. Paths
// are arguments of their own kind: each side puts them below its root.

import fc from 'fast-check'

/** Below the root of either side; bytes as latin1. */
export interface PathArgument {
  readonly path: string
  /** Handed over as a Buffer. */
  readonly asBytes: boolean
}

export type Argument = PathArgument | string | number | boolean | null | Options | DataArgument
export interface DataArgument {
  readonly data: { readonly length: number; readonly byte: number }
}
type Options = { readonly [key: string]: string | number | boolean }

export interface Call {
  /** Index into `callers`. */
  readonly who: number
  readonly call: string
  readonly args: readonly Argument[]
  /** A call on the handle in this slot; `open` puts one there. */
  readonly slot?: number
}

export const slots = 3

const leaf = fc.oneof(
  { arbitrary: fc.constantFrom('a', 'b', 'c', 'l'), weight: 40 },
  {
    arbitrary: fc.constantFrom('x'.repeat(255), 'y'.repeat(256), 'n\u00ff', '.', '..'),
    weight: 5,
  },
)
const path = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', 'l'), { maxLength: 2 }), leaf, fc.nat(9), fc.nat(4))
  .map(([parents, last, slash, bytes]) => {
    // The host's root has a parent.
    if (last === '..' && parents.length === 0) parents.push('a')
    const text = [...parents, last].join('/') + (slash === 0 ? '/' : '')
    return { path: text, asBytes: bytes === 0 || text.includes('\u00ff') }
  })
const target = fc.constantFrom('a', 'b', 'c', 'q', 'l', 'a/b')
const who = fc.constantFrom(0, 0, 1, 1, 2)
const mode = fc.constantFrom(0o755, 0o700, 0o777, 0o644, 0o600, 0o666, 0o2755, 0o4755, 0, '640')
const size = fc.oneof(fc.nat(200), fc.nat(300_000))
const id = fc.constantFrom(-1, 0, 1000, 1001)
const gid = fc.constantFrom(-1, 0, 1000, 2000)
const time = fc.integer({ min: 0, max: 2_000_000_000 })
const flags = fc.constantFrom(
  ...['r', 'r+', 'rs+', 'w', 'wx', 'w+', 'a', 'ax', 'a+', 'as'],
  ...[0, 1, 2, 0o101, 0o102, 0o302, 0o1102, 0o2101, 0o400000, 0o200000],
)
const data = fc.record({ data: fc.record({ length: size, byte: fc.nat(255) }) })
const slot = fc.nat(slots - 1)

function by(call: string, ...args: fc.Arbitrary<Argument>[]): fc.Arbitrary<Call> {
  return fc.record({ who, call: fc.constant(call), args: fc.tuple(...args) })
}

function on(call: string, ...args: fc.Arbitrary<Argument>[]): fc.Arbitrary<Call> {
  return fc.record({ who, call: fc.constant(call), args: fc.tuple(...args), slot })
}

const weighted: [number, fc.Arbitrary<Call>][] = [
  [6, by('mkdir', path, mode)],
  [4, by('mkdir', path, fc.constant({ recursive: true }))],
  [8, on('open', path, flags, mode)],
  [6, by('writeFile', path, data, fc.constantFrom({}, { flag: 'a' }, { flag: 'wx', mode: 0o600 }))],
  [3, by('appendFile', path, data)],
  [5, by('readFile', path, fc.constantFrom(null, 'latin1', { encoding: 'hex' }))],
  [3, by('truncate', path, size)],
  [5, by('copyFile', path, path, fc.constantFrom(0, 0, 1, 2))],
  [4, by('unlink', path)],
  [4, by('rmdir', path)],
  [3, by('rm', path, fc.constantFrom({}, { force: true }, { recursive: true }))],
  [9, by('rename', path, path)],
  [5, by('link', path, path)],
  [5, by('symlink', target, path)],
  [3, by('readlink', path)],
  [3, by('realpath', path)],
  [3, by('stat', path)],
  [3, by('lstat', path)],
  [3, by('readdir', path, fc.constantFrom(null, { encoding: 'latin1' }))],
  [
    2,
    by(
      'readdir',
      path,
      fc.constantFrom({ withFileTypes: true }, { withFileTypes: true, recursive: true }),
    ),
  ],
  [5, by('chmod', path, mode)],
  [3, by('chown', path, id, gid)],
  [2, by('lchown', path, id, gid)],
  [2, by('utimes', path, time, time)],
  [2, by('lutimes', path, time, time)],
  [2, by('access', path, fc.nat(7))],
  [8, on('write', data, fc.constant(0), fc.constant(null), fc.oneof(size, fc.constant(null)))],
  [5, on('read', fc.record({ length: size, position: size }))],
  [2, on('readFile')],
  [2, on('writeFile', data)],
  [2, on('truncate', size)],
  [2, on('sync')],
  [2, on('datasync')],
  [2, on('stat')],
  [2, on('chmod', mode)],
  [1, on('chown', id, gid)],
  [2, on('utimes', time, time)],
  [4, on('close')],
]

export const anyCall: fc.Arbitrary<Call> = fc.oneof(
  ...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })),
)

const at = (text: string): PathArgument => ({ path: text, asBytes: false })
const some = { data: { length: 1000, byte: 65 } }

/** What every run begins with, so that most calls find something. */
export const prelude: readonly Call[] = [
  { who: 0, call: 'mkdir', args: [at('a'), 0o777] },
  { who: 0, call: 'chmod', args: [at('a'), 0o777] },
  { who: 1, call: 'mkdir', args: [at('a/a'), 0o755] },
  { who: 1, call: 'mkdir', args: [at('b'), 0o777] },
  { who: 2, call: 'mkdir', args: [at('a/b'), 0o700] },
  { who: 1, call: 'writeFile', args: [at('a/c'), some, { mode: 0o640 }] },
  { who: 0, call: 'writeFile', args: [at('c'), some] },
  { who: 1, call: 'symlink', args: ['c', at('a/l')] },
  { who: 0, call: 'symlink', args: ['a', at('l')] },
  { who: 0, call: 'open', args: [at('c'), 'r+', 0], slot: 0 },
  { who: 1, call: 'open', args: [at('b/c'), 'w+', 0o6777], slot: 1 },
]
