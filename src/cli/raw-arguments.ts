// Node decodes arguments as UTF-8 and replaces what is none; names of files may be any bytes. The
// kernel still has the bytes.

import { readFileSync } from 'node:fs'

/** The arguments of this process in bytes, the last `count` of its command line. */
export function readRawArguments(count: number): Buffer[] {
  const words: Buffer[] = []
  const text = readFileSync('/proc/self/cmdline')
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf(0, at)
    words.push(text.subarray(at, end < 0 ? text.length : end))
    at = end < 0 ? text.length : end + 1
  }
  return words.slice(words.length - count)
}

/** What finds the bytes of a decoded argument that had to be replaced in part. */
export function createRawArgument(argv: readonly string[]): (argument: string) => string | Buffer {
  const isReplaced = (word: string) => word.includes('\ufffd')
  const raw = argv.some(isReplaced) ? readRawArguments(argv.length) : []
  return (argument) => (isReplaced(argument) ? (raw[argv.indexOf(argument)] ?? argument) : argument)
}
