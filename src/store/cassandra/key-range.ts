// Ranges of a volume's keys, and where to cut one that Cassandra will not read in one piece (too many
// tombstones between the living rows).

import { compareKeys } from '../../volume/key-codec.js'
import type { Name } from '../../volume/name.js'
import { type Key, RecordKind } from '../../volume/record.js'

/** The keys behind `after` up to and including `last`. */
export interface KeyRange {
  readonly after: Position
  readonly last: Position
}

/** A key's place in the order, whether or not a record is there (or its kind exists). */
export interface Position {
  readonly kind: number
  readonly parent: number
  readonly name: Name
}

const kindsEnd: Position = { kind: RecordKind.journal + 1, parent: 0, name: '' }
const headKey: Position = { kind: RecordKind.head, parent: 0, name: '' }

/** Dirents, inodes and journals behind `after`. */
export function recordsAfter(after: Key | undefined): KeyRange {
  return { after: after ?? headKey, last: kindsEnd }
}

/** A directory's names behind `after`. No name is empty, so the ends hold no record. */
export function directoryAfter(parent: number, after: Name | undefined): KeyRange {
  const kind = RecordKind.dirent
  return {
    after: { kind, parent, name: after ?? '' },
    last: { kind, parent: parent + 1, name: '' },
  }
}

/** Log entries behind the seq `after`. */
export function logAfter(after: number): KeyRange {
  const kind = RecordKind.log
  return {
    after: { kind, parent: after, name: '' },
    last: { kind, parent: Number.MAX_SAFE_INTEGER, name: '' },
  }
}

/**
 * A position strictly inside of a range, about in its middle where both ends are known, and near the
 * beginning of one that has no end. Undefined: nothing lies between.
 */
export function middle({ after, last }: KeyRange): Position | undefined {
  const found = candidate(after, last)
  if (!found) return undefined
  return order(after, found) < 0 && order(found, last) < 0 ? found : undefined
}

/** How often a range is halved at once: 16 pieces, since an empty one costs a hundredth of a refusal. */
const halvings = 4

/** A range in up to 16 pieces, in order; only itself where it cannot be cut. */
export function pieces(range: KeyRange, depth = halvings): KeyRange[] {
  const cut = depth > 0 ? middle(range) : undefined
  if (!cut) return [range]
  const left = pieces({ after: range.after, last: cut }, depth - 1)
  return left.concat(pieces({ after: cut, last: range.last }, depth - 1))
}

function candidate(after: Position, last: Position): Position | undefined {
  if (after.kind !== last.kind) {
    const next = { kind: after.kind + 1, parent: 0, name: '' }
    if (order(next, last) < 0) return next
    return { ...after, parent: furtherNumber(after.parent), name: '' }
  }
  const gap = last.parent - after.parent
  if (gap > 1) {
    const half = after.parent + Math.floor(gap / 2)
    // Numbers begin small: a log or a volume without an upper bound is not cut at 2^52.
    return { ...after, parent: Math.min(half, furtherNumber(after.parent)), name: '' }
  }
  if (gap === 1 && last.name !== '') return { ...last, name: '' }
  const name = middleName(after.name, gap === 0 ? last.name : undefined)
  return name === undefined ? undefined : { ...after, name }
}

function furtherNumber(from: number): number {
  return Math.min(2 * from + 1024, Number.MAX_SAFE_INTEGER)
}

function order(a: Position, b: Position): number {
  return compareKeys(a as Key, b as Key)
}

/** How many bytes of a name are one digit of the arithmetic below: 6, since 2^48 is exact. */
const digitBytes = 6
const digitMax = 2 ** (8 * digitBytes)
/** No name is longer; a bound need not be either. */
const nameBytesEnough = 256

/** A byte string between two others (`high` undefined: no end), by halving them as fractions. */
function middleName(low: Name, high: Name | undefined): Name | undefined {
  let at = 0
  if (high !== undefined) while (at < low.length && low[at] === high[at]) at++
  const prefix = low.slice(0, at)
  const first = digit(low, at)
  const end = high === undefined ? digitMax : digit(high, at)
  if (end - first >= 2) return prefix + digitName(first + Math.floor((end - first) / 2))
  const rest = at + digitBytes
  if (rest > nameBytesEnough) return undefined
  const deeper = middleName(low.slice(rest), undefined)
  return deeper === undefined ? undefined : prefix + digitBytesOf(first) + deeper
}

/** The bytes from `at` on as a number, as if zeros followed the name. */
function digit(name: Name, at: number): number {
  let value = 0
  for (let i = at; i < at + digitBytes; i++)
    value = value * 256 + (i < name.length ? name.charCodeAt(i) : 0)
  return value
}

function digitBytesOf(value: number): Name {
  let name = ''
  for (let rest = value, i = 0; i < digitBytes; i++, rest = Math.floor(rest / 256))
    name = String.fromCharCode(rest % 256) + name
  return name
}

/** Without zeros at the end. */
function digitName(value: number): Name {
  return digitBytesOf(value).replace(/\0+$/, '')
}
