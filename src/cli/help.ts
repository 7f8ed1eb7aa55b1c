// Help pages, from the two tables: commands and options. Nothing else is loaded for them.

import { flagOf, type OptionRow } from '../config/option-row.js'
import { optionTable } from '../config/option-table.js'
import type { CommandSpec } from './command-spec.js'
import { commandTable } from './command-table.js'
import type { OwnOption } from './split-arguments.js'

const width = 100

/** The page of `cassfs --help`. */
export function renderHelp(): string {
  const commands = commandTable.map((spec) => [usageOf(spec), spec.summary] as const)
  const options = optionTable.filter((row) => row.group !== 'ignored').map(describeRow)
  return [
    'A file system kept in Apache Cassandra, or in an embedded store.\n',
    'Usage: cassfs [options] <folder>     mount on a folder; without -server in the embedded store',
    '       cassfs [options] <command>\n',
    'Commands:',
    columns(commands),
    'Options (flag, else CASSFS_<NAME>, else cassfs.yaml; all of it: docs/CONFIGURATION.md):',
    columns(options),
    'More on a command: cassfs help <command>\n',
  ].join('\n')
}

/** The page of `cassfs help <command>`. */
export function renderCommandHelp(spec: CommandSpec): string {
  const own = spec.options.map(describeOwn)
  const rows = optionTable.filter((row) => spec.groups.includes(row.group)).map(describeRow)
  return [
    `${spec.summary}\n`,
    `Usage: cassfs [options] ${usageOf(spec)}\n`,
    ...(spec.details ? [`${spec.details}\n`] : []),
    ...(own.length > 0 ? ['Options of this command:', columns(own)] : []),
    ...(rows.length > 0 ? ['Options:', columns(rows)] : []),
  ].join('\n')
}

/** The page of a word that only begins commands: `cassfs help env`. */
export function renderGroupHelp(specs: readonly CommandSpec[]): string {
  return `Commands:\n${columns(specs.map((spec) => [usageOf(spec), spec.summary] as const))}`
}

function usageOf(spec: CommandSpec): string {
  return [...spec.words, ...spec.args].join(' ')
}

function describeRow(row: OptionRow): readonly [string, string] {
  const value = row.kind === 'boolean' ? '' : `=<${row.unit ?? row.kind}>`
  return [`${flagOf(row.key)}${value}`, `${row.doc} (default: ${row.defaultDoc})`]
}

function describeOwn(option: OwnOption): readonly [string, string] {
  const short = option.short ? `-${option.short}, ` : ''
  const value = option.value ? '=<value>' : ''
  const allowed = option.value ? ` (${option.value})` : ''
  return [`${short}--${option.name}${value}`, `${option.doc}${allowed}`]
}

/** Two columns, the second wrapped. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const first = Math.min(34, Math.max(...rows.map(([left]) => left.length)))
  const lines = rows.flatMap(([left, right]) => {
    const wrapped = wrap(right, width - first - 4)
    const head = left.length > first ? [`  ${left}`] : []
    return [
      ...head,
      ...wrapped.map((text, index) => {
        const label = index === 0 && head.length === 0 ? left : ''
        return `  ${label.padEnd(first)}  ${text}`
      }),
    ]
  })
  return `${lines.join('\n')}\n`
}

function wrap(text: string, columnsMax: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > columnsMax) {
      lines.push(line)
      line = word
    } else line = line ? `${line} ${word}` : word
  }
  return [...lines, line]
}
