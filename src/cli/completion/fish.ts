// The completion script of fish.

import { commandTable } from '../command-table.js'
import {
  firstWords,
  groupWords,
  offeredOptions,
  ownOptionsOf,
  secondWords,
  shells,
} from './words.js'

export function renderFish(): string {
  const lines = [
    '# fish completion of cassfs; to use it: cassfs completion fish | source',
    'complete -c cassfs -f',
    ...firstWords().map(({ word, summary }) =>
      line(`-n __fish_use_subcommand -a ${word}`, summary),
    ),
    ...groupWords.flatMap((first) =>
      secondWords(first).map(({ word, summary }) =>
        line(`-n '__fish_seen_subcommand_from ${first}' -a ${word}`, summary),
      ),
    ),
    `complete -c cassfs -n '__fish_seen_subcommand_from completion' -a '${shells.join(' ')}'`,
    "complete -c cassfs -n '__fish_use_subcommand; or __fish_seen_subcommand_from mount umount status import export cp' -a '(__fish_complete_directories)'",
    ...commandTable.flatMap((spec) => {
      const last = spec.words.at(-1)
      return ownOptionsOf(spec.words).map(({ word, doc }) => {
        const takes = word.endsWith('=') ? ' -x' : ''
        const name = word.replace(/^--|=$/g, '')
        return line(`-n '__fish_seen_subcommand_from ${last}' -l ${name}${takes}`, doc)
      })
    }),
    ...offeredOptions.map((row) => {
      const takes = row.kind === 'boolean' ? '' : row.kind === 'path' ? ' -r -F' : ' -x'
      const choices = row.choices ? ` -a '${row.choices.join(' ')}'` : ''
      return line(`-l ${row.key.replaceAll('_', '-')}${takes}${choices}`, row.doc)
    }),
  ]
  return `${lines.join('\n')}\n`
}

function line(what: string, doc: string): string {
  return `complete -c cassfs ${what} -d '${doc.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
