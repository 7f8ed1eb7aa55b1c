// Extended headers (POSIX pax): records "<length> <keyword>=<value>\n", the value in any bytes. Extended
// attributes stand there as SCHILY.xattr.<name>, ACLs as SCHILY.acl.access and .default, as GNU tar has it.

import type { Timespec } from '../../../volume/inode.js'
import type { Name } from '../../../volume/name.js'
import { damaged } from './header.js'

/** Keyword and value, byte strings. */
export type PaxRecord = readonly [keyword: Name, value: Name]

/** In their order; a keyword may come more than once. */
export function decodePax(bytes: Buffer): PaxRecord[] {
  const records: PaxRecord[] = []
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(0x20, at)
    const digits = bytes.toString('latin1', at, Math.max(at, blank))
    const end = at + Number(digits)
    const isWhole = /^[0-9]{1,10}$/.test(digits) && end <= bytes.length && end > blank + 1
    if (!isWhole || bytes[end - 1] !== 0x0a) throw damaged('an extended header that is none')
    const record = bytes.toString('latin1', blank + 1, end - 1)
    const equals = record.indexOf('=')
    if (equals < 1) throw damaged('an extended header without a keyword')
    records.push([record.slice(0, equals), record.slice(equals + 1)])
    at = end
  }
  return records
}

export function encodePax(records: readonly PaxRecord[]): Buffer {
  const encoded = records.map(([keyword, value]) => {
    const rest = ` ${keyword}=${value}\n`
    let length = rest.length
    // The length counts its own digits.
    while (String(length).length + rest.length !== length)
      length = String(length).length + rest.length
    return `${length}${rest}`
  })
  return Buffer.from(encoded.join(''), 'latin1')
}

/** `1.5`, `-0.000000001`: seconds with a fraction of any length, cut to nanoseconds. */
export function decodeTime(value: Name): Timespec {
  const [, sign, whole = '0', fraction = ''] =
    /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(value) ?? []
  if (sign === undefined) throw damaged('a time that is none')
  const nsec = Number(fraction.slice(0, 9).padEnd(9, '0'))
  if (sign === '') return { sec: Number(whole), nsec }
  return nsec === 0 ? { sec: -Number(whole), nsec } : { sec: -Number(whole) - 1, nsec: 1e9 - nsec }
}

export function encodeTime({ sec, nsec }: Timespec): Name {
  if (sec >= 0 || nsec === 0) return withFraction(String(sec), nsec)
  return withFraction(`-${-sec - 1}`, 1e9 - nsec)
}

function withFraction(whole: string, nsec: number): string {
  return nsec === 0 ? whole : `${whole}.${String(nsec).padStart(9, '0')}`
}

export function decodeWhole(value: Name): number {
  if (!/^[0-9]{1,15}$/.test(value)) throw damaged('a number that is none')
  return Number(value)
}

const xattrPrefix = 'SCHILY.xattr.'

/** A name may have what ends a keyword: written as GNU tar does. */
export function xattrKeyword(name: Name): Name {
  return xattrPrefix + name.replaceAll('%', '%25').replaceAll('=', '%3D')
}

/** The name of an extended attribute; undefined: the keyword is of something else. */
export function xattrNameOf(keyword: Name): Name | undefined {
  if (!keyword.startsWith(xattrPrefix)) return undefined
  return keyword.slice(xattrPrefix.length).replaceAll('%3D', '=').replaceAll('%25', '%')
}

/** Of each keyword the last value. An empty one takes back what was said before, but for attributes, which may be empty. */
export function lastValues(records: readonly PaxRecord[]): Map<Name, Name> {
  const last = new Map<Name, Name>()
  for (const [keyword, value] of records)
    if (value === '' && xattrNameOf(keyword) === undefined) last.delete(keyword)
    else last.set(keyword, value)
  return last
}
