// Writes docs/CONFIGURATION.md from the schema.

import type { OptionGroup } from './option-facts.js'
import { optionGroups } from './option-facts.js'
import { envNameOf, flagOf, type OptionRow } from './option-row.js'
import { optionRows } from './render-option-table.js'

const groupTitles: Readonly<Record<OptionGroup, string>> = {
  volume: 'Which volume',
  store: 'Where it is kept',
  mount: 'How it is mounted',
  log: 'What is logged',
  ignored: 'Accepted and ignored',
}

const introduction = `<!-- Generated from src/config/schema.ts; do not edit. -->
# Configuration

Each option can be given in four places. The first that has it wins:

1. a **flag**: \`-entry_ttl=2\`, \`-entry_ttl 2\`, \`--entry-ttl=2\`; \`_\` and \`-\` mean the same, and a
   true-or-false option may stand alone (\`-ro\`, \`-ro=false\`);
2. the **environment**: \`CASSFS_ENTRY_TTL=2\`; an empty variable counts as not given;
3. a **file** in YAML: \`entry_ttl: 2\`. Read are, the first that has the option winning,
   \`./cassfs.yaml\`, \`$XDG_CONFIG_HOME/cassfs/cassfs.yaml\` (else \`~/.config/cassfs/cassfs.yaml\`) and
   \`/etc/cassfs/cassfs.yaml\`. A file is used only if root or you own it (as root: only if root owns
   it and nobody else may write it);
4. the **default**.

\`cassfs config\` prints every value and where it came from. A wrong value is refused with the name of
the option, the value, where it was given, and what is allowed. Relative paths are relative to the
working directory, in a file to the folder of that file.
`

/** The text of docs/CONFIGURATION.md. */
export function renderConfigurationPage(): string {
  const rows = optionRows()
  const sections = optionGroups.map((group) => {
    const options = rows.filter((row) => row.group === group).map(renderOption)
    return `## ${groupTitles[group]}\n\n${options.join('\n')}`
  })
  return `${introduction}\n${sections.join('\n')}`
}

function renderOption(row: OptionRow): string {
  const value = row.kind === 'boolean' ? '' : `=<${row.unit ?? row.kind}>`
  return [
    `### \`${flagOf(row.key)}${value}\``,
    '',
    row.doc,
    '',
    `- Environment: \`${envNameOf(row.key)}\`; file: \`${row.key}\``,
    ...(row.group === 'ignored' ? [] : [`- Default: ${renderDefault(row)}`]),
    `- Allowed: ${row.allowed}`,
    ...(row.secret ? ['- Secret: never printed or logged'] : []),
    '',
  ].join('\n')
}

function renderDefault(row: OptionRow): string {
  return row.defaultDoc.includes(' ') || row.defaultDoc === 'none'
    ? row.defaultDoc
    : `\`${row.defaultDoc}\``
}
