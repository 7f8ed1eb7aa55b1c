// The completion script of bash (4 or newer).

import { commandTable } from '../command-table.js'
import {
  firstWords,
  groupWords,
  offeredOptions,
  optionWord,
  ownOptionsOf,
  secondWords,
  shells,
} from './words.js'

export function renderBash(): string {
  const valueCases = offeredOptions.flatMap((row) => {
    if (row.choices) return [`    -${row.key}) words="${row.choices.join(' ')}" ;;`]
    return row.kind === 'path' ? [`    -${row.key}) files=1 ;;`] : []
  })
  const ownCases = commandTable
    .filter((spec) => spec.options.length > 0)
    .map((spec) => {
      const words = ownOptionsOf(spec.words).map(({ word }) => word)
      return `    '${spec.words.join(' ')}') own="${words.join(' ')}" ;;`
    })
  const groupCases = groupWords.map((first) => {
    const words = secondWords(first).map(({ word }) => word)
    return `    ${first}) [[ -z $second ]] && words="${words.join(' ')}" ;;`
  })
  return `# bash completion of cassfs; to use it: source <(cassfs completion bash)
_cassfs() {
  local cur=\${COMP_WORDS[COMP_CWORD]} line=\${COMP_LINE:0:COMP_POINT}
  # bash splits words at "=": the option and its value belong together again.
  local typed=\${line##*[[:space:]]} words='' own='' files='' first='' second='' word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -* | =) continue ;; esac
    if [[ -z $first ]]; then first=$word; elif [[ -z $second ]]; then second=$word; fi
  done
  if [[ $typed == -*=* ]]; then
    local name=\${typed%%=*} value=\${typed#*=}
    case -\${name##*-} in
${valueCases.join('\n')}
    esac
    if [[ -n $files ]]; then COMPREPLY=($(compgen -f -- "$value"))
    else COMPREPLY=($(compgen -W "$words" -- "$value")); fi
    return
  fi
  case "$first\${second:+ $second}" in
${ownCases.join('\n')}
  esac
  if [[ $typed == -* ]]; then
    COMPREPLY=($(compgen -W "$own ${offeredOptions.map(optionWord).join(' ')}" -- "$typed"))
    [[ \${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return
  fi
  case $first in
    '') words="${firstWords()
      .map(({ word }) => word)
      .join(' ')}"; files=1 ;;
${groupCases.join('\n')}
    completion) words="${shells.join(' ')}" ;;
    mount | umount | status | import | export | cp) files=1 ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur") $([[ -n $files ]] && compgen -d -- "$cur"))
}
complete -F _cassfs cassfs
`
}
