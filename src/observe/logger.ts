// The log: what a layer may say (the interface), and the one that writes (pino). A layer is handed a
// Logger; only the command line opens one.

import { createLineFormatter } from './pretty-line.js'
import { openRotatingFile } from './rotating-file.js'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** What goes with a message: plain values; `error` may hold an Error. Never a secret. */
export type LogFields = Readonly<Record<string, unknown>>

/** One line each. Writing never throws and never waits. */
export interface Logger {
  /** False where a debug message would be dropped: for messages that are costly to make. */
  readonly isDebug: boolean
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** Where lines go. */
export interface LineSink {
  /** Takes one line with its line end. */
  write(line: string): void
  close(): void
}

export interface LoggerOptions {
  readonly level: LogLevel
  /** `pretty`: a line for people; `json`: one object a line. */
  readonly format: 'pretty' | 'json'
  /** A file, rotated; else standard error. */
  readonly file?: string
  /** Colour in pretty lines. */
  readonly color?: boolean
}

export interface OpenLogger extends Logger {
  close(): void
}

/** Opens the log. Throws what opening the file throws. */
export async function openLogger(options: LoggerOptions): Promise<OpenLogger> {
  const file = options.file
  const sink = file === undefined ? standardErrorSink() : openRotatingFile({ file })
  const logger = await createLogger(options, sink)
  return { ...logger, close: () => sink.close() }
}

/** A logger over any sink. */
export async function createLogger(options: LoggerOptions, sink: LineSink): Promise<Logger> {
  const { pino, stdTimeFunctions } = await import('pino')
  const withStack = options.level === 'debug'
  const format = createLineFormatter({ color: options.color ?? false })
  const write =
    options.format === 'json'
      ? (line: string) => sink.write(line)
      : (line: string) => sink.write(format(JSON.parse(line)))
  const inner = pino(
    {
      level: options.level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: (error: unknown) => describeError(error, withStack) },
    },
    { write },
  )
  return {
    isDebug: withStack,
    debug: (message, fields = {}) => inner.debug(fields, message),
    info: (message, fields = {}) => inner.info(fields, message),
    warn: (message, fields = {}) => inner.warn(fields, message),
    error: (message, fields = {}) => inner.error(fields, message),
  }
}

/** The first line of an error's message and of its causes'; its stack only while debugging. */
export function describeError(error: unknown, withStack: boolean): string {
  if (!(error instanceof Error)) return String(error)
  if (withStack && error.stack) return error.stack
  const [message = ''] = error.message.split('\n', 1)
  const cause = error.cause === undefined ? '' : describeError(error.cause, false)
  return cause === '' || message.includes(cause) ? message : `${message} (${cause})`
}

/** A terminal that has gone, or a pipe nobody reads, must not end a mount: such lines are lost. */
function standardErrorSink(): LineSink {
  process.stderr.on('error', () => undefined)
  return {
    write: (line) => void process.stderr.write(line),
    close: () => undefined,
  }
}
