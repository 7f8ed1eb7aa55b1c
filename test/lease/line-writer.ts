/**
 * `node line-writer.js DIR LOG NAME`: appends one line after the other to DIR/NAME.lines and makes a file
 * for each, until SIGTERM, the first error, or the end of whoever started it. LOG, which lies elsewhere,
 * gets a line for each that was answered: its number, and when that was begun and answered by the
 * machine's clock since its start.
 */
import { appendFileSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'

export interface Answered {
  readonly line: number
  readonly beganMs: number
  readonly endedMs: number
}

/** The same clock in every process. */
export const nowMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000

async function main([dir, logPath, name]: string[]): Promise<void> {
  if (!dir || !logPath || !name) throw new Error('usage: line-writer.js DIR LOG NAME')
  let isOver = false
  process.once('SIGTERM', () => {
    isOver = true
  })
  const log = openSync(logPath, 'a')
  const startedBy = process.ppid
  for (let line = 0; !isOver && process.ppid === startedBy; line++) {
    const beganMs = nowMs()
    appendFileSync(join(dir, `${name}.lines`), `${line}\n`)
    writeFileSync(join(dir, `${name}.${line}`), `file ${line} of ${name}`)
    const answered: Answered = { line, beganMs, endedMs: nowMs() }
    writeSync(log, `${JSON.stringify(answered)}\n`)
    await setImmediate()
  }
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2))
