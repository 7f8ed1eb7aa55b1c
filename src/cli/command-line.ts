// From words to a command: which one is meant, with which arguments and own options. commander checks
// the arguments of each command; here it is decided what a first word that is no command means.

import { statSync } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { nearestNames } from '../config/nearest.js'
import type { CommandSpec, OwnOptions } from './command-spec.js'
import { commandTable } from './command-table.js'
import { UsageError } from './usage-error.js'

/** What the words ask for. */
export type Order =
  | { readonly kind: 'run'; spec: CommandSpec; args: readonly string[]; options: OwnOptions }
  | { readonly kind: 'help'; readonly words: readonly string[] }
  | { readonly kind: 'version' }
  /** Nothing was asked for. */
  | { readonly kind: 'nothing' }

const firstWords = new Set(['help', ...commandTable.map((spec) => spec.words[0] ?? '')])

/** Reads what splitArguments left. Throws UsageError. */
export async function readOrder(rest: readonly string[], cwd: string): Promise<Order> {
  const words = rest.filter((word) => !word.startsWith('-') || word === '-')
  if (words[0] === 'help') return { kind: 'help', words: words.slice(1) }
  if (rest.includes('--help')) {
    return { kind: 'help', words: words[0] && firstWords.has(words[0]) ? words : [] }
  }
  if (rest.includes('--version')) return { kind: 'version' }
  const { word, isAfterEnd } = firstArgument(rest)
  if (word === undefined) return { kind: 'nothing' }
  if (!isAfterEnd && firstWords.has(word)) return dispatch(rest)
  if (isFolderLike(word, cwd)) return dispatch(['mount', ...rest])
  throw unknownCommand(word)
}

/** The first word that is no option; behind `--` a command's name is a folder as well. */
function firstArgument(rest: readonly string[]) {
  const end = rest.indexOf('--')
  const before = end < 0 ? rest : rest.slice(0, end)
  const word = before.find((each) => !each.startsWith('-'))
  return { word: word ?? (end < 0 ? undefined : rest[end + 1]), isAfterEnd: word === undefined }
}

/** A typing error in a command must not become a mount. */
function isFolderLike(word: string, cwd: string): boolean {
  if (word.includes('/') || word === '.' || word === '..') return true
  try {
    return statSync(path.resolve(cwd, word)).isDirectory()
  } catch (error) {
    // A dead mount is a folder to mount on; anything else that cannot be looked at is not.
    return (error as NodeJS.ErrnoException).code === 'ENOTCONN'
  }
}

function unknownCommand(word: string): UsageError {
  const near = nearestNames(word, firstWords)
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'all commands: cassfs help'
  return new UsageError(
    `unknown command "${word}"; ${hint} (to mount on a new folder of that name: cassfs ./${word})`,
  )
}

async function dispatch(rest: readonly string[]): Promise<Order> {
  const { Command, CommanderError } = await import('commander')
  let order: Order = { kind: 'nothing' }
  let complaint = ''
  const program = new Command('cassfs').configureOutput({
    writeOut: () => undefined,
    writeErr: (text) => {
      complaint += text
    },
  })
  keepQuiet(program)
  for (const spec of commandTable) {
    declare(program, spec, (args, options) => {
      order = { kind: 'run', spec, args, options }
    })
  }
  try {
    await program.parseAsync([...rest], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const said = complaint.trim().replace(/^error: /, '')
    const what = said.startsWith('Usage:') || said === '' ? 'a command is missing' : said
    throw new UsageError(`${what.replaceAll('\n', ' ')}; see: cassfs help${helpWords(rest)}`)
  }
  return order
}

/** Help is our own, and commander must not end the process. */
function keepQuiet(command: Command): Command {
  return command.exitOverride().helpOption(false).helpCommand(false).allowExcessArguments(false)
}

function declare(
  program: Command,
  spec: CommandSpec,
  carryOut: (args: string[], options: OwnOptions) => void,
): void {
  const command = subcommand(program, spec.words)
  for (const argument of spec.args) command.argument(argument)
  for (const { name, short, value } of spec.options) {
    command.option(`${short ? `-${short}, ` : ''}--${name}${value ? ' <value>' : ''}`)
  }
  command.action((...given: unknown[]) => {
    const options = command.opts<Record<string, string | boolean | undefined>>()
    carryOut(wordsOf(given, spec), byDashedName(spec, options))
  })
}

function subcommand(parent: Command, words: readonly string[]): Command {
  const [first = '', ...deeper] = words
  const known = parent.commands.find((command) => command.name() === first)
  const command = known ?? keepQuiet(parent.command(first))
  return deeper.length > 0 ? subcommand(command, deeper) : command
}

/** commander hands an action its arguments, a variadic one as a list, then options and command. */
function wordsOf(given: readonly unknown[], spec: CommandSpec): string[] {
  return given
    .slice(0, spec.args.length)
    .flat()
    .filter((word): word is string => typeof word === 'string')
}

/** commander calls `--dry-run` dryRun, and `--no-detach` detach: false. */
function byDashedName(
  spec: CommandSpec,
  options: Readonly<Record<string, string | boolean | undefined>>,
): OwnOptions {
  const camel = (name: string) =>
    name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  const entries = spec.options.map(({ name }) => {
    const isNegated = name.startsWith('no-')
    if (isNegated) return [name, options[camel(name.slice('no-'.length))] === false] as const
    return [name, options[camel(name)]] as const
  })
  return Object.fromEntries(entries)
}

function helpWords(rest: readonly string[]): string {
  const words = rest.filter((word) => !word.startsWith('-'))
  const spec = commandTable.find((each) => each.words.every((word, index) => word === words[index]))
  if (spec) return ` ${spec.words.join(' ')}`
  const isGroup = commandTable.some((each) => each.words.length > 1 && each.words[0] === words[0])
  return isGroup ? ` ${words[0]}` : ''
}
