// `cassfs config`: every option, its value, and where it came from. Secrets are not shown.

import type { LoadedConfig, OptionKey } from '../../config/load-config.js'
import type { OptionRow } from '../../config/option-row.js'
import { optionTable } from '../../config/option-table.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { renderTable } from '../ui/table.js'

export async function run(
  context: CommandContext,
  _args: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const config = await context.config()
  const rows = optionTable.filter((row) => row.group !== 'ignored')
  context.print(options.json ? asJson(rows, config) : asTable(rows, config))
  return 0
}

function asTable(rows: readonly OptionRow[], config: LoadedConfig): string {
  const lines = rows.map(({ key, secret }) => {
    const value = config.values[key as OptionKey]
    const text = config.texts[key as OptionKey]
    const shown = value === undefined ? '-' : secret ? '(hidden)' : (text ?? String(value))
    return [key, shown, config.origins[key as OptionKey].where]
  })
  const files = config.files.length > 0 ? config.files.join(', ') : 'none'
  return `${renderTable(['OPTION', 'VALUE', 'FROM'], lines)}\nconfiguration files read: ${files}\n`
}

function asJson(rows: readonly OptionRow[], config: LoadedConfig): string {
  const options = rows.map(({ key, secret }) => {
    const value = config.values[key as OptionKey] ?? null
    const origin = config.origins[key as OptionKey]
    const shown = secret ? { isSet: value !== null } : { value }
    return [key, { ...shown, origin: origin.kind, from: origin.where }]
  })
  const content = { options: Object.fromEntries(options), files: config.files }
  return `${JSON.stringify(content, null, 2)}\n`
}
