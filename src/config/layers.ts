// The places an option can be given in, each read into one layer of texts with their origin. No
// value is checked here.

import path from 'node:path'
import { nearestNames } from './nearest.js'
import { envNameOf, flagOf } from './option-row.js'
import { optionTable } from './option-table.js'

/** Where a value came from; `where` reads after "from": `-owner`, `CASSFS_OWNER`, a file's path. */
export interface Origin {
  readonly kind: 'flag' | 'environment' | 'file' | 'default'
  readonly where: string
}

export interface Given {
  readonly text: string
  readonly origin: Origin
}

/** The options given in one place, by key. */
export type Layer = ReadonlyMap<string, Given>

const rows = new Map(optionTable.map((row) => [row.key, row]))

/** The keys of all options. */
export const optionKeys: readonly string[] = [...rows.keys()]

/** `-owner=7` and its like, by key. */
export function flagLayer(flags: ReadonlyMap<string, string>, cwd: string): Layer {
  const layer = new Map<string, Given>()
  for (const [key, text] of flags) {
    const origin: Origin = { kind: 'flag', where: flagOf(key) }
    layer.set(key, { text: resolvePath(key, text, cwd), origin })
  }
  return layer
}

/** `CASSFS_OWNER=7` and its like; an empty variable counts as not given. */
export function environmentLayer(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Layer {
  const layer = new Map<string, Given>()
  for (const key of optionKeys) {
    const where = envNameOf(key)
    const text = env[where]
    if (!text) continue
    layer.set(key, { text: resolvePath(key, text, cwd), origin: { kind: 'environment', where } })
  }
  return layer
}

/** Variables that look like a misspelt option: a sentence for each. */
export function misspeltVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('CASSFS_'))
    .map((name) => ({ name, key: name.slice('CASSFS_'.length).toLowerCase() }))
    .filter(({ key }) => !rows.has(key))
    .flatMap(({ name, key }) => {
      const near = nearestNames(key, optionKeys, 1)
      return near.map((right) => `${name} is not an option; did you mean ${envNameOf(right)}?`)
    })
}

/** A path option's text made absolute; any other text unchanged. */
export function resolvePath(key: string, text: string, folder: string): string {
  return rows.get(key)?.kind === 'path' && text !== '' ? path.resolve(folder, text) : text
}
