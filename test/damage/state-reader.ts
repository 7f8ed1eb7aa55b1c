/** Asks a process of its own for what a damaged state folder shows, and says so where it ended instead. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answered, Asked } from './state-process.js'

const script = fileURLToPath(new URL('./state-process.js', import.meta.url))
const patienceMs = 20_000

/** `ended`: the process was ended by a signal, or with a status of its own. */
export type Outcome = Answered | { readonly kind: 'ended'; readonly how: string }

export class StateReader {
  #child: ChildProcess | undefined
  #errors = ''

  ask(asked: Asked): Promise<Outcome> {
    const child = this.#child ?? this.#start()
    return new Promise((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      const done = (outcome: Outcome) => {
        clearTimeout(timer)
        child.removeAllListeners('message').removeAllListeners('exit')
        resolve(outcome)
      }
      child.once('message', (answered: Answered) => done(answered))
      child.once('exit', (status, signal) => {
        this.#child = undefined
        done({ kind: 'ended', how: `${signal ?? status} ${this.#errors.slice(-300)}`.trim() })
      })
      child.send(asked)
    })
  }

  close(): void {
    this.#child?.disconnect()
    this.#child = undefined
  }

  #start(): ChildProcess {
    const child = fork(script, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#errors = ''
    child.stderr?.on('data', (text: Buffer) => {
      this.#errors += text
    })
    this.#child = child
    return child
  }
}
