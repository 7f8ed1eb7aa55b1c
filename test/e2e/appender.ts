/**
 * `node appender.js FILE COUNT BYTES close|fsync|compare`: appends lines, which cannot be compressed much, one
 * by one, and closes the file behind each or calls fsync; `compare` says whether the file is that.
 */
import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'

/** The same in every process. */
function lineOf(at: number, bytes: number): string {
  let text = ''
  for (let part = 0; text.length < bytes; part++)
    text += createHash('sha256').update(`${at} ${part}`).digest('base64')
  return `${text.slice(0, bytes - 1)}\n`
}

function main([path, count, bytes, how]: string[]): void {
  if (!path || !count || !bytes) throw new Error('usage: appender.js FILE COUNT BYTES HOW')
  const lines = Array.from({ length: Number(count) }, (_, at) => lineOf(at, Number(bytes)))
  if (how === 'compare') {
    if (readFileSync(path, 'latin1') !== lines.join('')) throw new Error(`${path} has other lines`)
    return
  }
  let fd = openSync(path, 'a')
  for (const line of lines) {
    writeSync(fd, line)
    if (how === 'fsync') fsyncSync(fd)
    else {
      closeSync(fd)
      fd = openSync(path, 'a')
    }
  }
  closeSync(fd)
}

main(process.argv.slice(2))
