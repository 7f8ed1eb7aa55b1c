// The first step of reading a command line: takes every configuration option out of it, in whatever
// style it is written (`-owner=1` and `-owner 1` as the first CassFS had it, `--owner=1`, `_` or `-`,
// `-ro=false`, `--no-ro`), and leaves commands, arguments and the commands' own options, the latter in
// the one style that commander knows.

import { nearestNames } from '../config/nearest.js'
import type { OptionRow } from '../config/option-row.js'
import { UsageError } from './usage-error.js'

/** An option of single commands: never in a file or the environment. */
export interface OwnOption {
  /** With dashes: `dry-run`. */
  readonly name: string
  /** One letter. */
  readonly short?: string
  /** What stands for its value in help; absent: a switch. */
  readonly value?: string
  readonly doc: string
}

export interface SplitArguments {
  /** Configuration options by key, as text; of a repeated one the last. */
  readonly flags: ReadonlyMap<string, string>
  /** The rest, in order; options with a value are one word: `--replication=3`. */
  readonly rest: readonly string[]
}

/** Throws UsageError naming an unknown option, or one without its value. */
export function splitArguments(
  argv: readonly string[],
  table: readonly OptionRow[],
  ownOptions: readonly OwnOption[],
): SplitArguments {
  const splitter = createSplitter(table, ownOptions)
  const words = [...argv]
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') {
      splitter.rest.push(word, ...words)
      break
    }
    if (word.length > 1 && word.startsWith('-')) splitter.takeOption(word, words)
    else splitter.rest.push(word)
  }
  return { flags: splitter.flags, rest: splitter.rest }
}

function createSplitter(table: readonly OptionRow[], ownOptions: readonly OwnOption[]) {
  const rows = new Map(table.map((row) => [row.key, row]))
  const own = new Map(ownOptions.map((option) => [option.name, option]))
  const shorts = new Set(ownOptions.flatMap((option) => option.short ?? []))
  const flags = new Map<string, string>()
  const rest: string[] = []

  const isOption = (word: string) => {
    const { key, dashed } = parseOption(word)
    return rows.has(key) || own.has(dashed)
  }

  /** The text after `=`, or the next word unless that is an option itself. */
  function takeValue(word: string, text: string | undefined, words: string[], allowed: string) {
    if (text !== undefined) return text
    const next = words[0]
    if (next === undefined || next === '--' || (next.startsWith('-') && isOption(next))) {
      throw new UsageError(`option ${word} needs a value; allowed: ${allowed}`)
    }
    return words.shift() ?? ''
  }

  function takeOption(word: string, words: string[]): void {
    const { key, dashed, text } = parseOption(word)
    const row = rows.get(key)
    const option = own.get(dashed)
    if (row?.kind === 'boolean') flags.set(key, text ?? 'true')
    else if (row) flags.set(key, takeValue(word, text, words, row.allowed))
    else if (option?.value) {
      rest.push(`--${dashed}=${takeValue(word, text, words, option.value)}`)
    } else if (option && text === undefined) rest.push(`--${dashed}`)
    else if (dashed === 'help' || word === '-h') rest.push('--help')
    else if (dashed === 'version' || word === '-V') rest.push('--version')
    else if (isNegated(key)) flags.set(key.slice('no_'.length), 'false')
    else if (text === undefined && isShort(word)) rest.push(word)
    else throw unknownOption(word.split('=')[0] ?? word, dashed, [...rows.keys(), ...own.keys()])
  }

  const isNegated = (key: string) =>
    key.startsWith('no_') && rows.get(key.slice('no_'.length))?.kind === 'boolean'
  const isShort = (word: string) =>
    !word.startsWith('--') && [...word.slice(1)].every((letter) => shorts.has(letter))

  return { flags, rest, takeOption }
}

function parseOption(word: string): { key: string; dashed: string; text: string | undefined } {
  const equals = word.indexOf('=')
  const name = (equals < 0 ? word : word.slice(0, equals)).replace(/^--?/, '')
  return {
    key: name.replaceAll('-', '_'),
    dashed: name.replaceAll('_', '-'),
    text: equals < 0 ? undefined : word.slice(equals + 1),
  }
}

function unknownOption(written: string, dashed: string, names: readonly string[]): UsageError {
  const near = nearestNames(
    dashed,
    names.map((name) => name.replaceAll('_', '-')),
  )
  const dashes = written.startsWith('--') ? '--' : '-'
  const hint =
    near.length > 0
      ? `did you mean ${near.map((name) => dashes + name).join(' or ')}?`
      : 'all options: cassfs help'
  return new UsageError(`unknown option ${written}; ${hint}`)
}
