// Writes option-table.ts from the schema, so that --help, completion and the splitting of the
// command line need neither zod nor a second list of options.

import { type OptionFacts, optionFacts } from './option-facts.js'
import type { OptionRow } from './option-row.js'
import { configSchema } from './schema.js'

/** The rows of the table, in the order of the schema. */
export function optionRows(): OptionRow[] {
  return Object.entries(configSchema.shape).map(([key, type]) => {
    const facts = optionFacts.get(type)
    if (!facts) throw new Error(`option ${key} has no facts: declare it with option()`)
    return rowOf(key, facts)
  })
}

function rowOf(key: string, facts: OptionFacts): OptionRow {
  const { kind, group, doc, allowed, unit, choices, secret } = facts
  const defaultDoc = facts.defaultDoc ?? facts.default
  if (typeof defaultDoc !== 'string') throw new Error(`option ${key} does not tell its default`)
  return {
    key,
    kind,
    group,
    doc,
    allowed,
    defaultDoc,
    ...(unit && { unit }),
    ...(choices && { choices }),
    ...(secret && { secret }),
  }
}

/** The text of option-table.ts. */
export function renderOptionTable(): string {
  const rows = optionRows().map((row) => `  ${renderObject(row)},`)
  return `${[
    '// GENERATED from schema.ts; do not edit. The test of the configuration says how to renew it.',
    '',
    "import type { OptionRow } from './option-row.js'",
    '',
    '// biome-ignore format: one row a line',
    'export const optionTable: readonly OptionRow[] = [',
    ...rows,
    ']',
  ].join('\n')}\n`
}

function renderObject(row: OptionRow): string {
  const fields = Object.entries(row).map(([name, value]) => `${name}: ${renderValue(value)}`)
  return `{ ${fields.join(', ')} }`
}

function renderValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(renderValue).join(', ')}]`
  if (typeof value !== 'string') return JSON.stringify(value)
  const quoted = value.replaceAll('\\', '\\\\')
  return value.includes("'") ? JSON.stringify(value) : `'${quoted}'`
}
