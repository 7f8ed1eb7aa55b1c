// Runs fsck-entry.ts and listens to it; how it ended is an answer too.

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FsckOrder, FsckWord } from './fsck-order.js'

/**
 * Hands each word to `take`. One that ends without a last word ends with `failed`; ended by a signal, on an
 * embedded store, with a finding: that is what LMDB does to who reads a damaged file.
 */
export async function runFsckProcess(
  order: FsckOrder,
  take: (word: FsckWord) => void,
): Promise<void> {
  const script = fileURLToPath(new URL('./fsck-entry.js', import.meta.url))
  const child = fork(script, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let progress = 'began to read'
  let isDone = false
  child.on('message', (word: FsckWord) => {
    if (word.kind === 'progress') progress = `had read ${word.done} ${word.what}`
    isDone ||= word.kind === 'done' || word.kind === 'failed'
    take(word)
  })
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => resolve(signal ?? `status ${status}`))
  })
  child.send({ order })
  const end = await ended
  if (isDone) return
  const fatal = ['SIGBUS', 'SIGSEGV', 'SIGABRT', 'SIGILL', 'SIGFPE', 'SIGTRAP']
  if (order.store.engine === 'lmdb' && fatal.includes(end)) {
    const message = `the store's data file: reading it ended the process (${end}) when it ${progress}`
    take({ kind: 'finding', check: 'file', message })
    take({ kind: 'done' })
  } else take({ kind: 'failed', message: `the process that checks ended (${end})` })
}
