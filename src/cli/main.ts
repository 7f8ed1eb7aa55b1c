// The command line's way in: what is asked for, who carries it out, how its end is told. Exit status
// 0: done; 1: failed; 2: the command line or the configuration is wrong.

import type { LoadedConfig } from '../config/load-config.js'
import { optionTable } from '../config/option-table.js'
import { readOrder } from './command-line.js'
import type { CommandContext } from './command-spec.js'
import { commandTable, ownOptions } from './command-table.js'
import { renderCommandHelp, renderGroupHelp, renderHelp } from './help.js'
import { type DecodedArguments, decodeArguments } from './raw-arguments.js'
import { readRemount } from './remount-words.js'
import { describeError, exitStatusOf } from './report-error.js'
import { splitArguments } from './split-arguments.js'
import { UsageError } from './usage-error.js'
import { packageVersion } from './version.js'

/** Runs the command line and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `cassfs ls | head`: whoever read has had enough.
    if (error.code === 'EPIPE') process.exit(0)
    process.stderr.write(`cassfs: standard output cannot be written: ${error.message}\n`)
    process.exit(1)
  })
  process.exit(await runCommandLine(decodeArguments(argv)))
}

async function runCommandLine(decoded: DecodedArguments): Promise<number> {
  const argv = decoded.words
  let withStack = isTrue(process.env.CASSFS_DEBUG)
  try {
    const remounting = readRemount(argv)
    if (remounting) return await (await import('./remount.js')).remount(remounting)
    const { flags, rest } = splitArguments(argv, optionTable, ownOptions)
    withStack ||= isTrue(flags.get('debug'))
    const order = await readOrder(rest, process.cwd())
    if (order.kind === 'version') return print(`cassfs ${packageVersion()}\n`)
    if (order.kind === 'help') return print(helpPage(order.words))
    if (order.kind === 'nothing') {
      process.stderr.write(renderHelp())
      return 2
    }
    const context = createContext(decoded, flags)
    hidePassword(argv, flags)
    const code = await order.spec.load()
    return await code.run(context, order.args, order.options)
  } catch (error) {
    for (const line of describeError(error, withStack)) process.stderr.write(`cassfs: ${line}\n`)
    return exitStatusOf(error)
  }
}

function createContext(
  { rawArgument }: DecodedArguments,
  flags: ReadonlyMap<string, string>,
): CommandContext {
  const host = { uid: process.getuid?.() ?? 0, cwd: process.cwd(), env: process.env }
  const warn = (line: string) => void process.stderr.write(`cassfs: ${line}\n`)
  let loading: Promise<LoadedConfig> | undefined
  return {
    ...host,
    flags,
    print: (text) => void process.stdout.write(text),
    warn,
    rawArgument,
    config: () => {
      loading ??= import('../config/load-config.js').then(async ({ loadConfig }) => {
        const config = await loadConfig(flags, host)
        config.warnings.forEach(warn)
        return config
      })
      return loading
    },
  }
}

/** The kernel shows arguments to every user; a title takes their place. */
function hidePassword(argv: readonly string[], flags: ReadonlyMap<string, string>): void {
  const password = flags.get('password')
  if (password === undefined) return
  const shown = argv.filter((word) => !word.includes(password) && !/^--?password$/.test(word))
  process.title = ['cassfs', ...shown].join(' ')
}

function helpPage(words: readonly string[]): string {
  if (words.length === 0) return renderHelp()
  const begin = (count: number) =>
    commandTable.filter((spec) =>
      words.slice(0, count).every((word, index) => spec.words[index] === word),
    )
  const exact = commandTable.find((spec) =>
    spec.words.every((word, index) => word === words[index]),
  )
  if (exact) return renderCommandHelp(exact)
  const group = begin(words.length)
  if (group.length > 0) return renderGroupHelp(group)
  throw new UsageError(`unknown command "${words.join(' ')}"; all commands: cassfs help`)
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(1|t|true|yes|on)$/i.test(text)
}
