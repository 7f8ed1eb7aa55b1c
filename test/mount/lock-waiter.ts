// A process that waits for a record lock until it is killed: what makes the kernel send INTERRUPT.

import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LockCommand, LockType, recordLock } from './syscalls.js'

/** How long the waiter is given to be inside its system call. */
const INSIDE_MS = 200

/** Starts a waiter for the whole file, kills it, and answers the signal that ended it. */
export function killWhileWaiting(path: string): Promise<string | null> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), INSIDE_MS))
  return new Promise((resolve, reject) => {
    child.on('exit', (_code, signal) => resolve(signal))
    child.on('error', reject)
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const fd = openSync(process.argv[2] as string, 'r+')
  process.stdout.write('waiting\n', () => {
    recordLock(fd, LockCommand.F_SETLKW, { type: LockType.F_WRLCK, start: 0, length: 0 })
  })
}
