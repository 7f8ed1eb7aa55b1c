// `cassfs fsck`: whether what environments consist of holds together. Exit status 0: sound; 1: damaged; 3: it
// could not be checked (or not all of it, where findings are told as well).

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config/schema.js'
import { adviceFor } from '../../maintenance/fsck/finding.js'
import type { FsckSummary } from '../../maintenance/fsck/fsck.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import type { FsckOrder, FsckWord } from '../fsck-order.js'
import { runFsckProcess } from '../fsck-process.js'
import { storeConfig } from '../store-access.js'
import { isUtf8, showName } from '../ui/names.js'

const notChecked = 3

type Told = Exclude<FsckWord, { kind: 'progress' | 'done' }>
type Finding = Extract<FsckWord, { kind: 'finding' }>

export async function run(
  context: CommandContext,
  _args: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const { values } = await context.config()
  const order = orderOf(values, options)
  const terminal = process.stderr.isTTY ? new ProgressLine() : undefined
  const told: Told[] = []
  const counts = { findings: 0, isFailed: false }
  const take = (word: FsckWord) => {
    if (word.kind === 'progress')
      terminal?.show(`${word.environment ?? ''} ${word.done} ${word.what}`)
    if (word.kind === 'progress' || word.kind === 'done') return
    if (word.kind === 'finding') counts.findings++
    counts.isFailed ||= word.kind === 'failed'
    terminal?.clear()
    if (options.json) told.push(word)
    else tell(context, word)
  }
  if (isThere(values)) await runFsckProcess(order, take)
  else take({ kind: 'failed', message: `there is no embedded store in ${values.statedir}` })
  terminal?.clear()
  const state = stateOf(counts)
  if (options.json) context.print(`${JSON.stringify(asJson(values.owner, state, told), null, 2)}\n`)
  else if (state !== 'not checked') context.print(`${summaryOf(state, counts.findings)}\n`)
  return { sound: 0, damaged: 1, 'not checked': notChecked }[state]
}

type State = 'sound' | 'damaged' | 'not checked'

function stateOf({ findings, isFailed }: { findings: number; isFailed: boolean }): State {
  if (isFailed) return 'not checked'
  return findings > 0 ? 'damaged' : 'sound'
}

function summaryOf(state: State, findings: number): string {
  if (state === 'sound') return 'sound: nothing was found'
  return `damaged: ${findings} ${findings === 1 ? 'fault was' : 'faults were'} found`
}

/** Opening one that is not there would make it. */
function isThere({ server, statedir }: Config): boolean {
  return server !== undefined || existsSync(join(statedir, 'store', 'data.mdb'))
}

function orderOf(values: Config, options: OwnOptions): FsckOrder {
  const config = storeConfig(values)
  return {
    store: config.engine === 'lmdb' ? { ...config, housekeeping: false } : config,
    stateDir: values.statedir,
    owner: values.owner,
    environment: options.all ? undefined : values.environment,
    readBlocks: options['read-blocks'] === true,
  }
}

function tell({ print, warn }: CommandContext, word: Told): void {
  if (word.kind === 'failed') warn(`could not check: ${word.message}`)
  else if (word.kind === 'finding') print(`${lineOf(word)}\n`)
  else if (word.kind === 'note') print(`${placeOf(word)}note: ${word.message}\n`)
  else print(`${word.environment}: ${countsOf(word.summary)}\n`)
}

function countsOf({ inodes, blocks, blocksRead, seq }: FsckSummary): string {
  const read = blocksRead < blocks ? `${blocksRead} of them read` : 'all of them read'
  return `${inodes} inodes, ${blocks} blocks, ${read}, as of change ${seq}`
}

function lineOf({ environment, check, path, message }: Finding): string {
  const where = path === undefined ? '' : `${showName(Buffer.from(path, 'latin1'))}: `
  return `${placeOf({ environment })}${where}${message}; to do: ${adviceFor(check)}`
}

function placeOf({ environment }: { readonly environment?: string | undefined }): string {
  return environment === undefined ? '' : `${environment}: `
}

function asJson(owner: string, state: State, told: readonly Told[]): Record<string, unknown> {
  const of = <K extends Told['kind']>(kind: K) =>
    told.filter((word): word is Extract<Told, { kind: K }> => word.kind === kind)
  return {
    owner,
    state,
    environments: of('checked').map(({ environment, summary }) => ({ environment, ...summary })),
    findings: of('finding').map(({ kind: _, path, ...finding }) => ({
      ...finding,
      ...namedBytes(path),
      todo: adviceFor(finding.check),
    })),
    notes: of('note').map(({ kind: _, ...note }) => note),
    failures: of('failed').map(({ message }) => message),
  }
}

/** A path that is not UTF-8 is shown escaped; its bytes are beside it in hexadecimal. */
function namedBytes(path: string | undefined): Record<string, string> {
  if (path === undefined) return {}
  const bytes = Buffer.from(path, 'latin1')
  if (isUtf8(bytes)) return { path: bytes.toString() }
  return { path: showName(bytes), pathBytes: bytes.toString('hex') }
}

/** One line on a terminal that is written over. */
class ProgressLine {
  #length = 0

  show(text: string): void {
    const line = text.trim().slice(0, 78)
    process.stderr.write(`\r${line.padEnd(this.#length)}`)
    this.#length = line.length
  }

  clear(): void {
    if (this.#length > 0) process.stderr.write(`\r${' '.repeat(this.#length)}\r`)
    this.#length = 0
  }
}
