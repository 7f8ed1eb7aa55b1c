// One row of option-table.ts: what the command line must know of an option without loading zod.

import type { OptionGroup, OptionKind } from './option-facts.js'

export interface OptionRow {
  /** The name in a file; also the flag and, in capitals after CASSFS_, the environment name. */
  readonly key: string
  readonly kind: OptionKind
  readonly group: OptionGroup
  readonly doc: string
  readonly allowed: string
  /** The default as text, or a sentence where it depends on the host. */
  readonly defaultDoc: string
  readonly unit?: string
  readonly choices?: readonly string[]
  readonly secret?: true
}

/** How an option is written on the command line, in errors and in help. */
export function flagOf(key: string): string {
  return `-${key}`
}

/** How an option is written in the environment. */
export function envNameOf(key: string): string {
  return `CASSFS_${key.toUpperCase()}`
}
