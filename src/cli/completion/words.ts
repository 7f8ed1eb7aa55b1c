// What can be typed where, from the tables of commands and options.

import type { OptionRow } from '../../config/option-row.js'
import { optionTable } from '../../config/option-table.js'
import { commandTable } from '../command-table.js'

export const shells = ['bash', 'zsh', 'fish']

/** The options that are offered: those without effect are not. */
export const offeredOptions: readonly OptionRow[] = optionTable.filter(
  (row) => row.group !== 'ignored',
)

export interface FirstWord {
  readonly word: string
  readonly summary: string
}

/** Of first words that only begin commands. */
const groupSummaries: Readonly<Record<string, string>> = {
  env: 'Environments of an owner.',
  rescue: 'What could not be stored and is kept.',
}

/** The first words that have second ones. */
export const groupWords: readonly string[] = Object.keys(groupSummaries)

/** The first words of all commands. */
export function firstWords(): FirstWord[] {
  const words = new Map<string, string>([['help', 'Show a page of help.']])
  for (const {
    words: [first = ''],
    summary,
  } of commandTable) {
    words.set(first, groupSummaries[first] ?? summary)
  }
  return [...words].map(([word, summary]) => ({ word, summary }))
}

/** The second words of `env` and its like. */
export function secondWords(first: string): FirstWord[] {
  return commandTable
    .filter((spec) => spec.words.length > 1 && spec.words[0] === first)
    .map((spec) => ({ word: spec.words[1] ?? '', summary: spec.summary }))
}

/** `-owner=`, `-ro`: as they are completed. */
export function optionWord(row: OptionRow): string {
  return row.kind === 'boolean' ? `-${row.key}` : `-${row.key}=`
}

/** `--json` and its like, of all commands that have it. */
export function ownOptionsOf(words: readonly string[]): readonly { word: string; doc: string }[] {
  const spec = commandTable.find((each) => each.words.join(' ') === words.join(' '))
  return (spec?.options ?? []).map((option) => ({
    word: `--${option.name}${option.value ? '=' : ''}`,
    doc: option.doc,
  }))
}
