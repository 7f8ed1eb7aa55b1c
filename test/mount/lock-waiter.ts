// A process that waits for a record lock until it is killed: what makes the kernel send INTERRUPT.

import { spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { LockCommand, LockType, recordLock } from './syscalls.js'

/** Where in the kernel a process is that waits for the answer of a FUSE server. */
const WAITING = /^request_wait_answer|^fuse_/

/** Starts a waiter for the whole file, kills it, and answers the signal that ended it. */
export function killWhileWaiting(path: string): Promise<string | null> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.once('data', async () => {
    await untilInside(child.pid as number)
    child.kill('SIGKILL')
  })
  return new Promise((resolve, reject) => {
    child.on('exit', (_code, signal) => resolve(signal))
    child.on('error', reject)
  })
}

/** Every request waits there for a moment; the lock does so for good. */
async function untilInside(pid: number): Promise<void> {
  let seen = 0
  for (let attempt = 0; attempt < 1000 && seen < 20; attempt++) {
    seen = WAITING.test(readFileSync(`/proc/${pid}/wchan`, 'latin1')) ? seen + 1 : 0
    await delay(10)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const fd = openSync(process.argv[2] as string, 'r+')
  process.stdout.write('waiting\n', () => {
    recordLock(fd, LockCommand.F_SETLKW, { type: LockType.F_WRLCK, start: 0, length: 0 })
  })
}
