/**
 * Who may import whom in src/. The table is the architecture: a layer may import what its row names,
 * and nothing else of the project. Unit tests may import what they like below src, since they set a
 * layer on a real engine, but what runs never imports a test.
 */
import { posix } from 'node:path'
import type { SourceImport } from './imports.js'

/** From the protocol side and the file system side down; each row is spelled out on purpose. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  posix: ['posix/errno'],
  'posix/errno': [],
  native: ['posix/errno'],
  fuse: ['native', 'posix/errno'],
  volume: below('posix', 'native'),
  tables: below('posix', 'volume'),
  'store/store': below('posix', 'volume', 'tables'),
  'store/engine': below('posix', 'volume', 'tables', 'native', 'store/store'),
  'store/decorator': below('posix', 'volume', 'tables', 'store/store'),
  'store/open-store': below('posix', 'volume', 'tables', 'store/store', 'store/decorator'),
  'journal/journal': below('posix', 'volume'),
  journal: below('posix', 'volume', 'tables', 'journal/journal'),
  cache: below('posix', 'volume'),
  content: below('posix', 'volume', 'cache', 'native', 'store/store'),
  replica: below('posix', 'volume', 'tables', 'cache', 'store/store', 'journal/journal'),
  vfs: below(
    'posix',
    'volume',
    'cache',
    'tables',
    'replica',
    'content',
    'store/store',
    'journal/journal',
  ),
  state: below('posix', 'volume', 'tables', 'native', 'journal', 'journal/journal'),
  environments: below(...belowVfs(), 'vfs', 'store/store'),
  maintenance: below(...belowVfs(), 'vfs', 'native', 'store/store', 'journal', 'journal/journal'),
  rescue: below(...belowVfs(), 'vfs', 'journal', 'journal/journal'),
  config: below('posix'),
  observe: below('posix'),
  mount: below(
    ...belowVfs(),
    'journal',
    'journal/journal',
    'vfs',
    'fuse',
    'native',
    'rescue',
    'state',
    'config',
    'observe',
    ...allOfStore(),
  ),
  cli: below(...top(), 'rescue', 'config', 'observe', 'library', 'index'),
  csi: below(...top(), 'observe'),
  docker: below(...top(), 'observe'),
  library: below('posix', 'volume', 'vfs', 'rescue', 'state', 'environments', ...allOfStore()),
  index: below('posix', 'environments', 'library', ...allOfStore()),
}

/** The packages that one place alone may load: a mount of one kind never loads another's. */
const PACKAGE_HOMES: Record<string, readonly string[]> = {
  koffi: ['native'],
  'cassandra-driver': ['store/cassandra'],
  lmdb: ['tables', 'store/lmdb', 'cache'],
  'lz4-napi': ['content'],
  commander: ['cli'],
  zod: ['config'],
  yaml: ['config'],
  pino: ['observe'],
  'prom-client': ['observe'],
}

function below(...layers: string[]): string[] {
  return layers.includes('posix') ? [...layers, 'posix/errno'] : layers
}

function belowVfs(): string[] {
  return ['posix', 'volume', 'cache', 'tables', 'replica', 'content']
}

function allOfStore(): string[] {
  return ['store/store', 'store/open-store', 'store/decorator']
}

function top(): string[] {
  return [...belowVfs(), 'vfs', 'mount', 'environments', 'maintenance', 'native', ...allOfStore()]
}

const isTest = (path: string) => /\.test\.ts$|(^|\/)testing\//.test(path)

/** The layer of a path below src: its folder, with store/, posix/errno.ts and journal/journal.ts told apart. */
export function layerOf(path: string): string {
  const [folder = '', second = '', ...rest] = path.split('/')
  if (!second) return folder.replace(/\.ts$/, '')
  if (path === 'posix/errno.ts') return 'posix/errno'
  if (path === 'journal/journal.ts') return 'journal/journal'
  if (folder !== 'store') return folder
  if (rest.length > 0) return 'store/engine'
  if (second === 'store.ts') return 'store/store'
  return second === 'open-store.ts' ? 'store/open-store' : 'store/decorator'
}

/** Whether the architecture has such a layer. */
export const isLayer = (layer: string) => layer === 'store/engine' || layer in MAY_IMPORT

const engineOf = (path: string) => path.split('/').slice(0, 2).join('/')

function checkPackage(from: string, specifier: string): string | undefined {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const homes = PACKAGE_HOMES[name]
  if (!homes || isTest(from)) return undefined
  if (homes.some((home) => from.startsWith(`${home}/`))) return undefined
  return `the package ${name} belongs to ${homes.join(', ')}`
}

function checkInside(from: string, to: string, dynamic: boolean): string | undefined {
  if (to.startsWith('..')) return isTest(from) ? undefined : 'src imports nothing outside src'
  if (isTest(from)) return undefined
  if (isTest(to)) return 'what runs does not import a test'
  const [layer, target] = [layerOf(from), layerOf(to)]
  if (target === 'store/engine') {
    if (layer === 'store/engine' && engineOf(from) === engineOf(to)) return undefined
    if (layer !== 'store/open-store') return 'an engine is imported by store/open-store alone'
    return dynamic ? undefined : 'an engine is imported with await import(): it loads its driver'
  }
  const allowed = MAY_IMPORT[layer]
  if (!allowed) return `${layer} is no layer of the architecture`
  if (layer === target || allowed.includes(target)) return undefined
  return `${layer} may not import ${target}`
}

/** Why the file `from` (below src, like 'vfs/read.ts') may not have this import; undefined if it may. */
export function violation(from: string, each: SourceImport): string | undefined {
  const { specifier } = each
  if (specifier === undefined) return 'a computed import cannot be checked'
  if (specifier.startsWith('node:')) return undefined
  if (!specifier.startsWith('.')) return checkPackage(from, specifier)
  if (!specifier.endsWith('.js')) return 'a relative import ends in .js'
  const to = posix.normalize(posix.join(posix.dirname(from), specifier)).replace(/\.js$/, '.ts')
  return checkInside(from, to, each.dynamic)
}
