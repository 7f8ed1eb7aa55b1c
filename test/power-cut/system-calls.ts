// What strace wrote down of one process: its calls on files, in the order in which they began and ended. Two
// calls of two threads overlap where one begins before the other has ended.

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

/** Calls by which files come to be as they are; everything else leaves no mark on a disk. */
export const recordedCalls = [
  ...['openat', 'open', 'creat', 'close', 'dup', 'dup2', 'dup3', 'lseek', 'mmap'],
  ...['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendfile', 'copy_file_range'],
  ...['ftruncate', 'truncate', 'fallocate', 'fsync', 'fdatasync', 'msync', 'sync_file_range'],
  ...['rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'mkdir', 'mkdirat', 'rmdir'],
  ...['link', 'linkat', 'symlink', 'symlinkat'],
] as const

export interface SystemCall {
  readonly name: string
  /** As strace prints them, between the brackets; bytes as \xNN. */
  readonly arguments: string
  /** Undefined: the process ended before the call did. */
  result: number | undefined
  /** Places in the order of all beginnings and ends. */
  readonly begun: number
  ended: number
}

const whole = /^(\d+) +([a-z0-9_]+)\(/
const resumed = /^(\d+) +<\.\.\. ([a-z0-9_]+) resumed>/
const unfinished = ' <unfinished ...>'

/** Reads what `strace -f -xx` wrote to `path`; counts places on from `first`. */
export async function readSystemCalls(path: string, first: number): Promise<SystemCall[]> {
  const calls: SystemCall[] = []
  const open = new Map<string, SystemCall>()
  let place = first
  const lines = createInterface({ input: createReadStream(path, 'latin1') })
  for await (const line of lines) {
    place++
    const begin = whole.exec(line)
    if (begin) {
      const [head, thread, name] = begin as unknown as [string, string, string]
      const call = callOf(name, line.slice(head.length), place)
      calls.push(call)
      if (line.endsWith(unfinished)) open.set(thread, call)
      continue
    }
    const end = resumed.exec(line)
    const call = end && open.get(end[1] as string)
    if (!call) continue
    open.delete(end[1] as string)
    call.result = resultOf(line)
    call.ended = place
  }
  return calls
}

function callOf(name: string, rest: string, place: number): SystemCall {
  if (rest.endsWith(unfinished)) {
    const given = rest.slice(0, -unfinished.length)
    return {
      name,
      arguments: given,
      result: undefined,
      begun: place,
      ended: Number.POSITIVE_INFINITY,
    }
  }
  const given = rest.slice(0, rest.lastIndexOf(')'))
  return { name, arguments: given, result: resultOf(rest), begun: place, ended: place }
}

/** Negative: it failed. */
function resultOf(line: string): number {
  const text = line.slice(line.lastIndexOf(') ')).replace(/^\)\s+= /, '')
  const result = Number.parseInt(text, text.startsWith('0x') ? 16 : 10)
  if (Number.isNaN(result) && !text.startsWith('?')) throw new Error(`strace: ${line.slice(-200)}`)
  return result
}

/** The strings among the arguments, as bytes. */
export function stringsOf(given: string): Buffer[] {
  const found: Buffer[] = []
  for (let at = given.indexOf('"'); at >= 0; ) {
    const end = given.indexOf('"', at + 1)
    if (given.startsWith('...', end + 1)) throw new Error('strace: a string is cut short')
    found.push(Buffer.from(given.slice(at + 1, end).replaceAll('\\x', ''), 'hex'))
    at = given.indexOf('"', end + 1)
  }
  return found
}

/** The numbers and words among the arguments, without its strings. */
export function wordsOf(given: string): string[] {
  return given
    .replace(/"[^"]*"/g, '""')
    .split(', ')
    .map((word) => word.trim())
}
