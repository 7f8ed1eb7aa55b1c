// What a command is: its words, what help says of it, and where its code lies.

import type { LoadedConfig } from '../config/load-config.js'
import type { OptionGroup } from '../config/option-facts.js'
import type { OwnOption } from './split-arguments.js'

/** What the commands use of the process; tests hand in their own. */
export interface CommandContext {
  /** The configuration; read once, its warnings are told once. Throws ConfigError. */
  readonly config: () => Promise<LoadedConfig>
  /** Configuration options of the command line, by key. */
  readonly flags: ReadonlyMap<string, string>
  /** To standard output. */
  readonly print: (text: string | Uint8Array) => void
  /** A line to standard error. */
  readonly warn: (line: string) => void
  /** The arguments in bytes, where a name is not UTF-8; else as they are. */
  readonly rawArgument: (argument: string) => string | Buffer
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly uid: number
}

/** A command's own options, by their names with dashes: `true`, or the text given. */
export type OwnOptions = Readonly<Record<string, string | boolean | undefined>>

/** What a command's file exports; resolves with the exit status. */
export interface CommandCode {
  run(context: CommandContext, args: readonly string[], options: OwnOptions): Promise<number>
}

export interface CommandSpec {
  /** `['env', 'create']`. */
  readonly words: readonly string[]
  /** As commander writes them: `<folder>`, `[path]`, `<path...>`. */
  readonly args: readonly string[]
  /** What its arguments are, for completion. */
  readonly completes: 'folder' | 'environment' | 'shell' | 'nothing'
  readonly summary: string
  /** More for its own help page. */
  readonly details?: string
  readonly options: readonly OwnOption[]
  /** The groups of configuration options that matter to it. */
  readonly groups: readonly OptionGroup[]
  readonly load: () => Promise<CommandCode>
}
