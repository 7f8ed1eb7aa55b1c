// A transfer for people and programs: progress, problems by name, signals, the summary, the exit status.

import { getSystemErrorMap } from 'node:util'
import {
  endsEverything,
  Transfer,
  TransferInterrupted,
  type TransferOptions,
  TransferProblem,
} from '../../maintenance/transfer/transfer.js'
import { FsError } from '../../posix/errno.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { describeError } from '../report-error.js'
import { formatBytes, formatDuration } from '../ui/format.js'
import { showName } from '../ui/names.js'
import { type Progress, startProgress } from '../ui/progress.js'
import { renderSummary } from './summary.js'

export interface TransferRun {
  /** `imported`: begins the summary. */
  readonly done: string
  readonly options: OwnOptions
  readonly settings: Omit<TransferOptions, 'signal'>
  /** Standard output is taken: what is told goes to standard error. */
  readonly outputIsTaken?: boolean
  /** Nothing is said where nothing went wrong. */
  readonly isQuiet?: boolean
}

const problemsKept = 1000
const signalNumbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const

/** What `work` does with the transfer; resolves with the exit status. Throws what is no fault of one file. */
export async function runTransfer(
  context: CommandContext,
  run: TransferRun,
  work: (transfer: Transfer) => Promise<void>,
): Promise<number> {
  const startedMs = performance.now()
  const signals = watchSignals(context)
  const problems: { path: string; error: string }[] = []
  let progress: Progress | undefined
  const print = run.outputIsTaken
    ? (text: string) => void process.stderr.write(text)
    : context.print
  const tell = ({ path, cause }: TransferProblem) => {
    const shown = { path: showPath(path), error: reasonOf(cause) }
    if (problems.length < problemsKept) problems.push(shown)
    progress?.line(`${shown.path}: ${shown.error}`)
  }
  const isListing = run.settings.dryRun && !run.options.json
  const transfer = new Transfer(
    { ...run.settings, signal: signals.signal },
    {
      problem: tell,
      change: (what, path) => {
        if (isListing) print(`${what.padEnd(10)} ${showPath(path)}\n`)
      },
    },
  )
  progress = startProgress(process.stderr, () => describeProgress(transfer, startedMs))
  let interrupted = false
  try {
    await work(transfer)
  } catch (error) {
    if (error instanceof TransferProblem) tell(error)
    else if (error instanceof TransferInterrupted) interrupted = true
    else throw error
    if (!run.isQuiet) progress.line(goOn(error, run.settings))
  } finally {
    progress.end()
    signals.release()
  }
  const durationMs = performance.now() - startedMs
  const summary = { ...run, transfer, durationMs, interrupted, problems }
  if (!run.isQuiet || run.options.json) print(renderSummary(summary))
  if (interrupted) return 128 + signals.number()
  return transfer.counts.failed > 0 ? 1 : 0
}

function goOn(error: Error, { keepGoing }: TransferRun['settings']): string {
  const begin = error instanceof TransferInterrupted ? 'interrupted; ' : ''
  const isOfOneFile = error instanceof TransferProblem && !endsEverything(error.cause)
  const past = isOfOneFile && !keepGoing ? ' (past files that fail: --keep-going)' : ''
  return `${begin}what was done stays; the same command goes on from there${past}`
}

/** The first signal lets what is under way end; the second ends everything. */
function watchSignals(context: CommandContext) {
  const controller = new AbortController()
  let received = 0
  const names = Object.keys(signalNumbers) as (keyof typeof signalNumbers)[]
  const listeners = names.map((name) => {
    const listener = () => {
      if (received > 0) process.exit(128 + signalNumbers[name])
      received = signalNumbers[name]
      context.warn('ending: what is under way is finished and stored first')
      controller.abort()
    }
    process.on(name, listener)
    return () => void process.off(name, listener)
  })
  return {
    signal: controller.signal,
    number: () => received,
    release: () => {
      for (const release of listeners) release()
    },
  }
}

function describeProgress({ counts, path }: Transfer, startedMs: number): string {
  const passedMs = performance.now() - startedMs
  const each = formatBytes((counts.bytes * 1000) / Math.max(1, passedMs))
  const { files, unchanged } = counts
  return [
    `${files} files, ${formatBytes(counts.bytes)} (${each}/s)`,
    ...(unchanged > 0 ? [`${unchanged} unchanged`] : []),
    formatDuration(passedMs),
    showPath(path),
  ].join(', ')
}

export function showPath(path: string): string {
  return path === '' ? '.' : showName(Buffer.from(path, 'latin1'))
}

/** Where the system has no words for it, or none that help. */
const words: Readonly<Record<string, string>> = {
  EDQUOT: 'the quota of the environment is used up',
  ENOSPC: 'there is no room left on the disk',
  EROFS: 'it is read-only',
  ENOTDIR: 'it is no folder, or something on the way is none',
}

/** Why, without the paths that a library had. */
export function reasonOf(error: Error): string {
  const { code = '', errno } = error as NodeJS.ErrnoException
  const isOurs = error instanceof FsError
  if (isOurs && (error.message !== code || error.cause))
    return describeError(error, false)[0] ?? code
  if (words[code]) return words[code]
  const known = errno === undefined ? undefined : getSystemErrorMap().get(-Math.abs(errno))?.[1]
  return known ?? error.message
}
