// How an error is told: what failed and why, in one line for each thing wrong; a stack only while
// debugging.

import { getSystemErrorMap } from 'node:util'
import { ConfigError } from '../config/config-error.js'
import { FsError } from '../posix/errno.js'
import { UsageError } from './usage-error.js'

/** An error that carries the exit status of a process that failed for us. */
interface WithExitStatus {
  readonly exitStatus: number
}

/** The lines to print, without the program's name. */
export function describeError(error: unknown, withStack: boolean): string[] {
  if (error instanceof ConfigError) return [...error.problems]
  if (!(error instanceof Error)) return [String(error)]
  if (withStack && !(error instanceof UsageError)) return (error.stack ?? error.message).split('\n')
  return [[error, ...causesOf(error)].map(messageOf).filter(isNews).join(': ')]
}

/** 2 where the command line or the configuration is wrong, else 1. */
export function exitStatusOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof ConfigError) return 2
  const { exitStatus } = error as Partial<WithExitStatus>
  return exitStatus ?? 1
}

/** Where one of ours wraps another error; what other layers throw tells its cause itself. */
function causesOf(error: Error): Error[] {
  const causes: Error[] = []
  for (
    let each = error;
    each instanceof FsError && each.cause instanceof Error;
    each = each.cause
  ) {
    causes.push(each.cause)
  }
  return causes
}

/** The symbolic number in front is for programs; one that stands alone is told in words. */
function messageOf(error: Error): string {
  if (!(error instanceof FsError)) return error.message.split('\n', 1)[0] ?? ''
  if (error.message !== error.code) return error.message.replace(/^E[A-Z0-9]+: /, '')
  return getSystemErrorMap().get(-error.errno)?.[1] ?? error.message
}

/** Wrapped errors often repeat the message of their cause. */
function isNews(message: string, index: number, messages: readonly string[]): boolean {
  return message !== '' && !messages.slice(0, index).some((before) => before.includes(message))
}
