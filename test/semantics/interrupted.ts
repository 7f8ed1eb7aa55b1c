/**
 * `node interrupted.js DIR COUNT`: makes folders in DIR by plain system calls, while whoever started it sends
 * signals that are handled; prints how many signals came and the error numbers that were answered.
 */
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { cString, declare, lastErrno } from '../../src/native/libc.js'

const mkdir = declare<(path: Buffer, mode: number) => number>('int mkdir(void *, unsigned int)')

async function main([dir, count]: string[]): Promise<void> {
  if (!dir || !count) throw new Error('usage: interrupted.js DIR COUNT')
  let signals = 0
  process.on('SIGUSR2', () => {
    signals++
  })
  process.stdout.write('ready\n')
  const errors: number[] = []
  for (let at = 0; at < Number(count); at++) {
    if (mkdir(cString(join(dir, `d${at}`)), 0o755) !== 0) errors.push(lastErrno())
    await setImmediate()
  }
  process.stdout.write(`${JSON.stringify({ signals, errors })}\n`)
  process.exit(0)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
