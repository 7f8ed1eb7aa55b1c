// A log file that cannot fill the disk: at `bytesMax` it is renamed to `<file>.1`, `.1` to `.2` and so
// on, and `<file>` begins anew. Mode 0600. Synchronous, because a process that ends must not lose its
// last lines; a failed write (a full disk) loses lines, counts them, and says so in the next that works.

import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'
import type { LineSink } from './logger.js'

export interface RotatingFileOptions {
  readonly file: string
  readonly bytesMax?: number
  /** How many rotated files are kept. */
  readonly keep?: number
}

/** Opens (and creates) the file for appending. Throws what open throws. */
export function openRotatingFile(options: RotatingFileOptions): LineSink {
  const { file, bytesMax = 10 * 1024 ** 2, keep = 5 } = options
  let descriptor = openSync(file, 'a', 0o600)
  let size = fstatSync(descriptor).size
  let lost = 0

  function rotate(): void {
    for (let number = keep; number >= 1; number -= 1) {
      renameIfThere(number === 1 ? file : `${file}.${number - 1}`, `${file}.${number}`)
    }
    const fresh = openSync(file, 'a', 0o600)
    closeSync(descriptor)
    descriptor = fresh
    size = 0
  }

  function append(line: string): void {
    const bytes = Buffer.byteLength(line)
    if (size > 0 && size + bytes > bytesMax) rotate()
    writeSync(descriptor, line)
    size += bytes
  }

  return {
    write(line) {
      try {
        if (lost > 0) append(`(${lost} lines were lost here: the log could not be written)\n`)
        lost = 0
        append(line)
      } catch {
        lost += 1
      }
    },
    close: () => closeSync(descriptor),
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
