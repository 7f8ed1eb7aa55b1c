// What an option is besides its type: how it is written on the command line, in the environment and
// in a file, what it means, what it may hold. Every page that lists options (--help, completion,
// docs/CONFIGURATION.md, error messages) is made from these facts and from nothing else.

import { z } from 'zod'

/** What a default may depend on. */
export interface DefaultsHost {
  readonly uid: number
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The groups in which help and documentation list the options. */
export const optionGroups = ['volume', 'store', 'mount', 'log', 'ignored'] as const
export type OptionGroup = (typeof optionGroups)[number]

/**
 * How a raw value is read. `boolean` may be written without a value (`-ro`); `path` is taken
 * relative to where it was written: the working directory, or the folder of the file.
 */
export type OptionKind = 'boolean' | 'choice' | 'number' | 'path' | 'text'

export interface OptionFacts {
  readonly kind: OptionKind
  readonly group: OptionGroup
  /** One or two plain sentences. */
  readonly doc: string
  /** What may be given, as it reads after "allowed: ". */
  readonly allowed: string
  readonly unit?: string
  /** The finite set of values, where there is one. */
  readonly choices?: readonly string[]
  /** The raw default, as a user would write it; absent: the option has no value unless given. */
  readonly default?: string | ((host: DefaultsHost) => string | undefined)
  /** How the documentation tells a default that depends on the host, or an absent one. */
  readonly defaultDoc?: string
  /** Never printed, logged, or handed to a child in its arguments. */
  readonly secret?: true
}

/** The facts of every option of the schema, by its zod type. */
export const optionFacts = z.registry<OptionFacts>()

/** Declares one option: its type and its facts. */
export function option<Type extends z.ZodType>(type: Type, facts: OptionFacts): Type {
  optionFacts.add(type, facts)
  return type
}
