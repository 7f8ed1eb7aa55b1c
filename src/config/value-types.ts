// How the text of an option becomes a value. Every source (flag, environment, file) hands in text,
// so that a value means the same wherever it is written (a file's `umask: 022` is not decimal 22).
// The message for a wrong value is made from the option's facts, not here: a type says only no.

import { z } from 'zod'

const trueWords = new Set(['1', 't', 'true', 'yes', 'on'])
const falseWords = new Set(['0', 'f', 'false', 'no', 'off'])

/** Text to a value, or `undefined` for text that is not allowed. */
function readAs<Value>(read: (text: string) => Value | undefined) {
  return z.string().transform((text, context) => {
    const value = read(text.trim())
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: 'not allowed', input: text })
    return z.NEVER
  })
}

/** The words of Go's strconv.ParseBool, and yes, no, on, off. */
export function booleanValue() {
  return readAs((text) => {
    const word = text.toLowerCase()
    if (trueWords.has(word)) return true
    return falseWords.has(word) ? false : undefined
  })
}

/** A decimal number between two bounds, both allowed. */
export function numberValue(min: number, max: number) {
  return readAs((text) => {
    if (!/^\d+(\.\d+)?$/.test(text)) return undefined
    const value = Number(text)
    return value >= min && value <= max ? value : undefined
  })
}

/** A whole number between two bounds, both allowed. */
export function integerValue(min: number, max: number) {
  return readAs((text) => {
    if (!/^\d+$/.test(text)) return undefined
    const value = Number(text)
    return value >= min && value <= max ? value : undefined
  })
}

/** Permission bits in octal, 0 to 777. */
export function octalBitsValue() {
  return readAs((text) => (/^0?[0-7]{1,3}$/.test(text) ? Number.parseInt(text, 8) : undefined))
}

const byteUnits: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4 }

/** A number of bytes: `1073741824`, `512M`, `1GiB` (powers of 1024 in every spelling). */
export function bytesValue(min: number, max: number) {
  return readAs((text) => {
    const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text)
    if (!match) return undefined
    const power = byteUnits[(match[2] ?? '').toLowerCase()] ?? 0
    const bytes = Math.round(Number(match[1]) * 1024 ** power)
    return bytes >= min && bytes <= max ? bytes : undefined
  })
}

/** One of a few words, in any case; the value is spelled as declared. */
export function choiceValue<const Word extends string>(words: readonly Word[]) {
  return readAs((text) => words.find((word) => word.toLowerCase() === text.toLowerCase()))
}

/** Text that is not empty and holds no control character. */
export function textValue() {
  return readAs((text) => (text !== '' && !hasControl(text) ? text : undefined))
}

/** A secret: taken as it is, because spaces may belong to it. */
export function secretValue() {
  return z.string().min(1)
}

/** A name of an owner or an environment, as src/environments has them. */
export function nameValue() {
  return readAs((text) => (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text) ? text : undefined))
}

/** A Cassandra keyspace: a letter, then letters, digits and `_`; at most 48 (Cassandra's limit). */
export function keyspaceValue() {
  return readAs((text) => (/^[A-Za-z]\w{0,47}$/.test(text) ? text : undefined))
}

const hostPatterns = [
  /^[^:[\]\s/]+(:\d{1,5})?$/,
  /^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/,
  /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/,
]

/**
 * Host names or addresses, separated by commas, each with or without `:port`; at least one. An IPv6
 * address with a port stands in brackets.
 */
export function hostsValue() {
  return readAs((text) => {
    const hosts = text.split(',').map((host) => host.trim())
    const isHost = (host: string) => hostPatterns.some((pattern) => pattern.test(host))
    return hosts.every((host) => isHost(host) && !hasControl(host)) ? hosts : undefined
  })
}

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

/** `host:port`; `:port` or a port alone is of this host alone; `off`. IPv6 stands in brackets. */
export function addressValue() {
  return readAs((text): ListenAddress | 'off' | undefined => {
    if (text.toLowerCase() === 'off') return 'off'
    const match = /^(?:(?:\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]|([^:[\]\s/]*)):)?(\d{1,5})$/.exec(text)
    const port = Number(match?.[3])
    if (!match || port > 65535 || hasControl(text)) return undefined
    return { host: match[1] || match[2] || '127.0.0.1', port }
  })
}

function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return /[\u0000-\u001f\u007f]/.test(text)
}
