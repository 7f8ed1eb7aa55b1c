// The completion script of zsh.

import { commandTable } from '../command-table.js'
import {
  firstWords,
  groupWords,
  offeredOptions,
  ownOptionsOf,
  secondWords,
  shells,
} from './words.js'

export function renderZsh(): string {
  const options = offeredOptions.map((row) => {
    const doc = `[${quote(row.doc)}]`
    if (row.kind === 'boolean') return `'-${row.key}${doc}'`
    const values = row.choices ? `(${row.choices.join(' ')})` : row.kind === 'path' ? '_files' : ''
    return `'-${row.key}=${doc}:${row.unit ?? row.kind}:${values}'`
  })
  const own = new Map(
    commandTable
      .flatMap((spec) => ownOptionsOf(spec.words))
      .map(({ word, doc }) => [
        word,
        `'${word}[${quote(doc)}]${word.endsWith('=') ? ':value:' : ''}'`,
      ]),
  )
  return `#compdef cassfs
# zsh completion of cassfs; to use it: cassfs completion zsh > "\${fpath[1]}/_cassfs"
_cassfs() {
  local -a first ${groupWords.join(' ')}
  first=(
${describe(firstWords())}
  )
${groupWords.map((word) => `  ${word}=(\n${describe(secondWords(word))}\n  )`).join('\n')}
  _arguments -S \\
${[...options, ...own.values()].map((option) => `    ${option} \\`).join('\n')}
    '1: :->first' '*: :->rest'
  case $state in
    first) _describe command first; _directories ;;
    rest)
      case $words[(r)(${groupWords.join('|')}|completion|mount|umount|status)] in
${groupWords.map((word) => `        ${word}) _describe command ${word} ;;`).join('\n')}
        completion) compadd ${shells.join(' ')} ;;
        *) _directories ;;
      esac ;;
  esac
}
if [[ $funcstack[1] == _cassfs ]]; then _cassfs "$@"; else compdef _cassfs cassfs; fi
`
}

function describe(words: readonly { word: string; summary: string }[]): string {
  return words.map(({ word, summary }) => `    '${word}:${quote(summary)}'`).join('\n')
}

/** Within single quotes, and within the brackets of _arguments. */
function quote(text: string): string {
  return text.replaceAll("'", "'\\''").replace(/[[\]:]/g, '\\$&')
}
