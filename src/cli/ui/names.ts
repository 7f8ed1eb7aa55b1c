// Names and paths inside a volume are bytes; people see UTF-8. Bytes that are not UTF-8, and whatever
// could steer a terminal, are shown as `\xff`, `\n`, and a backslash as `\\`, so that what is shown means
// one name only.

const shortEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

/** A name as people are shown it. */
export function showName(bytes: Buffer): string {
  let shown = ''
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at)
    shown += length > 0 ? showCharacter(bytes.toString('utf8', at, at + length)) : hex(bytes[at])
    at += Math.max(1, length)
  }
  return shown
}

/** A path or name as a user wrote it: in UTF-8, or the raw bytes where it is not. */
export function bytesOf(written: string | Buffer): Buffer {
  return typeof written === 'string' ? Buffer.from(written) : written
}

/** Whether a name is UTF-8. */
export function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8')).equals(bytes)
}

/** The length of the UTF-8 character at `at`, 0 where there is none. */
function characterLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  if (length <= 1) return length
  const part = bytes.subarray(at, at + length)
  return part.length === length && Buffer.from(part.toString('utf8')).equals(part) ? length : 0
}

function showCharacter(character: string): string {
  const short = shortEscapes[character]
  if (short) return short
  const isHidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(character)
  return isHidden ? [...Buffer.from(character)].map(hex).join('') : character
}

function hex(byte = 0): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
