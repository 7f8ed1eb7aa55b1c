// From the four places (flag > environment > file > default) to one set of checked values, each with
// its origin. Reads the configuration files and the password file, nothing else.

import { readFile } from 'node:fs/promises'
import { ConfigError } from './config-error.js'
import { type FilesHost, readConfigFiles } from './config-files.js'
import {
  environmentLayer,
  flagLayer,
  type Given,
  type Layer,
  misspeltVariables,
  type Origin,
  optionKeys,
} from './layers.js'
import { optionFacts } from './option-facts.js'
import { flagOf } from './option-row.js'
import { type Config, configSchema } from './schema.js'

export type OptionKey = keyof Config

export interface LoadedConfig {
  readonly values: Config
  /** Where each option's value came from; for an absent one, `default`. */
  readonly origins: Readonly<Record<OptionKey, Origin>>
  /** Options as they were written, secrets left out. */
  readonly texts: Readonly<Partial<Record<OptionKey, string>>>
  /** What to tell the user once. */
  readonly warnings: readonly string[]
  /** The files that were read, nearest first. */
  readonly files: readonly string[]
}

/**
 * Finds the value of every option.
 * @param flags texts by option key, as the command line had them
 * @throws ConfigError naming each wrong option, its value, its origin and what is allowed
 */
export async function loadConfig(
  flags: ReadonlyMap<string, string>,
  host: FilesHost,
): Promise<LoadedConfig> {
  const fromFiles = await readConfigFiles(host)
  const layers = [
    flagLayer(flags, host.cwd),
    environmentLayer(host.env, host.cwd),
    ...fromFiles.layers,
  ]
  const winners = await withPasswordFile(firstOf([...layers, defaultLayer(host)]), layers)
  const warnings = [
    ...fromFiles.warnings,
    ...misspeltVariables(host.env),
    ...ignoredOptions(winners),
    ...visiblePassword(winners),
  ]
  return {
    values: check(winners),
    origins: originsOf(winners),
    texts: textsOf(winners),
    warnings,
    files: fromFiles.files,
  }
}

function defaultLayer(host: FilesHost): Layer {
  const layer = new Map<string, Given>()
  for (const [key, type] of Object.entries(configSchema.shape)) {
    const value = optionFacts.get(type)?.default
    const text = typeof value === 'function' ? value(host) : value
    if (text !== undefined) layer.set(key, { text, origin: { kind: 'default', where: 'default' } })
  }
  return layer
}

function firstOf(layers: readonly Layer[]): Map<string, Given> {
  const winners = new Map<string, Given>()
  for (const layer of layers) {
    for (const [key, given] of layer) if (!winners.has(key)) winners.set(key, given)
  }
  return winners
}

/** Of password and password_file the one given in the nearer place counts. */
async function withPasswordFile(
  winners: Map<string, Given>,
  layers: readonly Layer[],
): Promise<Map<string, Given>> {
  const nearest = layers.find((layer) => layer.has('password') || layer.has('password_file'))
  const file = nearest?.has('password') ? undefined : nearest?.get('password_file')
  if (!file) return winners
  try {
    const text = (await readFile(file.text, 'utf8')).replace(/\r?\n$/, '')
    return winners.set('password', { text, origin: { ...file.origin, where: file.text } })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError([
      `option ${flagOf('password_file')}: "${file.text}" (from ${file.origin.where}) cannot be read` +
        ` (${code}); allowed: the path of a readable file`,
    ])
  }
}

function check(winners: ReadonlyMap<string, Given>): Config {
  const texts = Object.fromEntries([...winners].map(([key, { text }]) => [key, text]))
  const result = configSchema.safeParse(texts)
  if (result.success) return result.data
  const keys = new Set(result.error.issues.map((issue) => String(issue.path[0])))
  throw new ConfigError([...keys].map((key) => describeProblem(key, winners.get(key))))
}

function describeProblem(key: string, given: Given | undefined): string {
  const facts = optionFacts.get(configSchema.shape[key as OptionKey])
  if (!given) return `option ${flagOf(key)} has no value here; allowed: ${facts?.allowed}`
  const shown = facts?.secret ? 'the value' : JSON.stringify(given.text)
  return (
    `option ${flagOf(key)}: ${shown} (from ${given.origin.where}) is not allowed; ` +
    `allowed: ${facts?.allowed}`
  )
}

function originsOf(winners: ReadonlyMap<string, Given>): Record<OptionKey, Origin> {
  const byDefault: Origin = { kind: 'default', where: 'default' }
  const entries = optionKeys.map((key) => [key, winners.get(key)?.origin ?? byDefault])
  return Object.fromEntries(entries) as Record<OptionKey, Origin>
}

function textsOf(winners: ReadonlyMap<string, Given>): Partial<Record<OptionKey, string>> {
  const shown = [...winners].filter(([key]) => !optionFacts.get(shapeOf(key))?.secret)
  return Object.fromEntries(shown.map(([key, { text }]) => [key, text]))
}

function shapeOf(key: string) {
  return configSchema.shape[key as OptionKey]
}

function ignoredOptions(winners: ReadonlyMap<string, Given>): string[] {
  return [...winners].flatMap(([key, { origin }]) => {
    const facts = optionFacts.get(shapeOf(key))
    return facts?.group === 'ignored' ? [`${origin.where} has no effect: ${facts.doc}`] : []
  })
}

function visiblePassword(winners: ReadonlyMap<string, Given>): string[] {
  return winners.get('password')?.origin.where === flagOf('password')
    ? ['-password can be seen by other users and in the shell history; use -password_file']
    : []
}
