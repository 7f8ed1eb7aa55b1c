// A mount in the background: the command starts a process of its own session, hands it what to do over
// Node's IPC channel (so that no secret is in its arguments), and returns when it says that the mount
// answers, or hands back the error message and exit status of one that failed.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs'
import path from 'node:path'

export interface BackgroundStart {
  /** The script to run; it calls `receiveOrder`. */
  readonly script: string
  /** For people who look at `ps`; never a secret. */
  readonly args: readonly string[]
  /** Structured-cloneable as JSON; what `receiveOrder` resolves with. */
  readonly order: unknown
  /** Standard output and error of the process go to the end of this file. */
  readonly logFile: string
}

/** The background process failed before its mount answered. */
export class BackgroundFailure extends Error {
  override readonly name = 'BackgroundFailure'
  readonly exitStatus: number

  constructor(message: string, exitStatus: number) {
    super(message)
    this.exitStatus = exitStatus
  }
}

type Report = { kind: 'ready' } | { kind: 'failed'; message: string; exitStatus: number }

/** Starts the process; resolves with its pid when it is ready. Throws BackgroundFailure. */
export async function startInBackground(start: BackgroundStart): Promise<number> {
  mkdirSync(path.dirname(start.logFile), { recursive: true, mode: 0o700 })
  const log = openSync(start.logFile, 'a+', 0o600)
  try {
    const logBegins = fstatSync(log).size
    const child = spawn(process.execPath, [start.script, ...start.args], {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    })
    child.send({ order: start.order }, () => undefined)
    const report = await firstReport(child)
    if (report.kind === 'ready') return leaveRunning(child)
    const lastWords = report.message || tailOf(log, logBegins)
    throw new BackgroundFailure(lastWords, report.exitStatus)
  } finally {
    closeSync(log)
  }
}

/** Until the process says something, ends, or we are told to stop (which is passed on). */
function firstReport(child: ChildProcess): Promise<Report> {
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, passOn)
  return new Promise<Report>((resolve) => {
    child.once('message', (report) => resolve(report as Report))
    child.once('error', (error) => {
      resolve({ kind: 'failed', message: error.message, exitStatus: 1 })
    })
    child.once('exit', (status) => {
      // A report may still be on its way: it is delivered before the channel closes.
      child.once('disconnect', () =>
        resolve({ kind: 'failed', message: '', exitStatus: status ?? 1 }),
      )
      if (!child.connected) resolve({ kind: 'failed', message: '', exitStatus: status ?? 1 })
    })
  }).finally(() => {
    for (const signal of signals) process.removeListener(signal, passOn)
  })
}

function leaveRunning(child: ChildProcess): number {
  child.removeAllListeners()
  if (child.connected) child.disconnect()
  child.unref()
  return child.pid ?? 0
}

function tailOf(descriptor: number, from: number): string {
  const bytesMax = 2000
  const { size } = fstatSync(descriptor)
  const begin = Math.max(from, size - bytesMax)
  const buffer = Buffer.alloc(size - begin)
  readSync(descriptor, buffer, 0, buffer.length, begin)
  return buffer.toString('utf8').trim() || 'it ended without a word'
}

/** In the background process: what the command wants of it. */
export function receiveOrder(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    process.once('message', (message: { order: unknown }) => resolve(message.order))
    process.once('disconnect', () => reject(new Error('the command went away before it said what')))
  })
}

/** In the background process: the mount answers; the command may go. */
export function reportReady(): Promise<void> {
  return report({ kind: 'ready' })
}

/** In the background process: it failed; the process should end with `exitStatus`. */
export function reportFailure(message: string, exitStatus: number): Promise<void> {
  return report({ kind: 'failed', message, exitStatus })
}

function report(words: Report): Promise<void> {
  return new Promise((resolve) => {
    // Where the command is gone there is nobody to tell; the log has it.
    if (!process.send) return resolve()
    process.send(words, () => {
      if (process.connected) process.disconnect()
      resolve()
    })
  })
}
