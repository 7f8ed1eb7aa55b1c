// Node decodes arguments as UTF-8 and replaces what is none; names of files may be any bytes. The
// kernel still has the bytes.

import { readFileSync } from 'node:fs'

export interface DecodedArguments {
  /** As Node has them, but no two of different bytes are the same word. */
  readonly words: readonly string[]
  /** The bytes of a word that had to be replaced in part; any other word as it is. */
  readonly rawArgument: (word: string) => string | Buffer
}

/** The arguments of this process, as it was started with. */
export function decodeArguments(argv: readonly string[]): DecodedArguments {
  const raw = argv.some(isReplaced) ? readRawArguments(argv.length) : []
  return toldApart(argv, raw)
}

/** `raw`: the bytes of each word. */
export function toldApart(argv: readonly string[], raw: readonly Buffer[]): DecodedArguments {
  const bytesOf = new Map<string, Buffer>()
  const words = argv.map((decoded, at) => {
    const bytes = raw[at]
    if (!bytes || !isReplaced(decoded)) return decoded
    let word = decoded
    // Two names of other bytes look the same: the later one is shown with one replacement more.
    while (bytesOf.has(word) && !bytesOf.get(word)?.equals(bytes)) word += replacement
    bytesOf.set(word, bytes)
    return word
  })
  return { words, rawArgument: (word) => bytesOf.get(word) ?? word }
}

const replacement = '\ufffd'

function isReplaced(word: string): boolean {
  return word.includes(replacement)
}

/** The arguments of this process in bytes, the last `count` of its command line. */
function readRawArguments(count: number): Buffer[] {
  const words: Buffer[] = []
  const text = readFileSync('/proc/self/cmdline')
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf(0, at)
    words.push(text.subarray(at, end < 0 ? text.length : end))
    at = end < 0 ? text.length : end + 1
  }
  return words.slice(words.length - count)
}
