// The configuration files: which are read, which are trusted, what they hold. All scalars of a file
// are taken as text (YAML's failsafe schema), so that a value means in a file what it means in a flag.

import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from './config-error.js'
import { type Given, type Layer, optionKeys, resolvePath } from './layers.js'
import { nearestNames } from './nearest.js'

export interface FilesHost {
  readonly uid: number
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where the system's configuration lies; `/etc` but in tests. */
  readonly etcDir?: string
}

export interface FileLayers {
  /** Nearest first. */
  readonly layers: readonly Layer[]
  /** The files that were used. */
  readonly files: readonly string[]
  readonly warnings: readonly string[]
}

/** The paths that are looked at, nearest first. */
export function configFilePaths(host: FilesHost): string[] {
  const home = host.env.XDG_CONFIG_HOME || (host.env.HOME && `${host.env.HOME}/.config`)
  return [
    path.join(host.cwd, 'cassfs.yaml'),
    ...(home ? [path.join(home, 'cassfs', 'cassfs.yaml')] : []),
    path.join(host.etcDir ?? '/etc', 'cassfs', 'cassfs.yaml'),
  ]
}

/** Reads every configuration file that is there and trusted. A file with a mistake is an error. */
export async function readConfigFiles(host: FilesHost): Promise<FileLayers> {
  const layers: Layer[] = []
  const files: string[] = []
  const warnings: string[] = []
  for (const file of new Set(configFilePaths(host))) {
    const found = await readTrusted(file, host.uid)
    if (!found) continue
    if ('refused' in found) {
      warnings.push(`${file} is not used: ${found.refused}`)
      continue
    }
    const layer = await parseFile(file, found.text)
    if (layer.has('password') && (found.mode & 0o077) !== 0) {
      warnings.push(`${file} holds a password and others may read it; run: chmod 600 ${file}`)
    }
    layers.push(layer)
    files.push(file)
  }
  return { layers, files, warnings }
}

type Found = { text: string; mode: number } | { refused: string } | undefined

async function readTrusted(file: string, uid: number): Promise<Found> {
  let handle: FileHandle
  try {
    handle = await open(file, 'r')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    return { refused: `it cannot be read (${code})` }
  }
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) return { refused: 'it is not a regular file' }
    const refused = distrust(stat.uid, stat.mode, uid)
    return refused ? { refused } : { text: await handle.readFile('utf8'), mode: stat.mode }
  } finally {
    await handle.close()
  }
}

/** A folder that others can write must not decide what root mounts. */
function distrust(owner: number, mode: number, uid: number): string | undefined {
  if (owner !== 0 && owner !== uid) return `user ${owner} owns it, not you (${uid}) or root`
  if (uid === 0 && (mode & 0o022) !== 0)
    return 'others than root may write it (chmod go-w mends it)'
  return undefined
}

async function parseFile(file: string, text: string): Promise<Layer> {
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text, { schema: 'failsafe', uniqueKeys: true })
  const [mistake] = document.errors
  if (mistake) throw new ConfigError([`${file}: ${mistake.message.split('\n')[0]}`])
  const content: unknown = document.toJS()
  if (content === null || content === '') return new Map()
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new ConfigError([`${file}: must hold lines such as "owner: 1"`])
  }
  return layerOf(file, content)
}

function layerOf(file: string, content: object): Layer {
  const problems: string[] = []
  const layer = new Map<string, Given>()
  for (const [written, value] of Object.entries(content)) {
    const key = written.replaceAll('-', '_')
    const text = textOf(value)
    if (!optionKeys.includes(key)) problems.push(unknownKey(file, written, key))
    else if (layer.has(key)) problems.push(`${file}: ${key} is given twice`)
    else if (text === undefined)
      problems.push(`${file}: ${key} must be one value, or a list of them`)
    else if (text === '') problems.push(`${file}: ${key} has no value; give one or remove the line`)
    else {
      const origin = { kind: 'file', where: file } as const
      layer.set(key, { text: resolvePath(key, text, path.dirname(file)), origin })
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return layer
}

function textOf(value: unknown): string | undefined {
  if (value === null) return ''
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return undefined
  return value.every((item) => typeof item === 'string') ? value.join(',') : undefined
}

function unknownKey(file: string, written: string, key: string): string {
  const near = nearestNames(key, optionKeys)
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'see docs/CONFIGURATION.md'
  return `${file}: ${written} is not an option; ${hint}`
}
