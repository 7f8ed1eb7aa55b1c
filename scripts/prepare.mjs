/**
 * Makes a checkout runnable: dependencies as package-lock.json says, and the compiled code. Both
 * only when something changed since the last time. Nothing is deleted before its replacement lies
 * there: a mount that runs from `dist` goes on.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The two builds: what runs and is published, and that with all tests. */
export const BUILDS = {
  dist: { project: 'tsconfig.build.json', outDir: 'dist', sources: ['src'], sourceRoot: 'src' },
  test: {
    project: 'tsconfig.json',
    outDir: '.build/test',
    sources: ['src', 'test', 'bench'],
    sourceRoot: '.',
  },
}

/** Whether every package that the lock names is installed, in that version. */
function isInstalled() {
  const hidden = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(hidden)) return false
  const packagesOf = (path) => JSON.parse(readFileSync(path, 'utf8')).packages
  const installed = packagesOf(hidden)
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    const found = installed[path]
    return path === '' || (found ? found.version === wanted.version : wanted.optional === true)
  })
}

/** Runs `npm ci` when node_modules is not what package-lock.json says. */
export function install() {
  if (isInstalled()) return
  console.log('Installing the dependencies (npm ci) ...')
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', flags, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
}

/** Every file below a folder, as absolute paths. */
export function filesBelow(dir) {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

function fingerprint(build) {
  const hash = createHash('sha256')
  const sources = build.sources.flatMap((dir) => filesBelow(join(root, dir)))
  const settings = ['tsconfig.json', build.project, 'package-lock.json'].map((f) => join(root, f))
  for (const path of [...sources, ...settings].sort()) {
    const { size, mtimeMs } = statSync(path)
    hash.update(`${relative(root, path)} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

/** Compiled files whose source is gone: a deleted test must not run on. */
function removeOrphans(build) {
  const outDir = join(root, build.outDir)
  for (const path of filesBelow(outDir)) {
    const match = /^(.*?)\.(?:d\.ts|js|js\.map)$/.exec(relative(outDir, path))
    if (match && !existsSync(join(root, build.sourceRoot, `${match[1]}.ts`))) rmSync(path)
  }
}

/**
 * Compiles what changed. Answers whether the types are right; the compiler's messages go to the
 * terminal, and its output is written either way.
 */
export function build(name) {
  const { project, outDir } = BUILDS[name]
  const stamp = join(root, '.build', `${name}.stamp`)
  const wanted = fingerprint(BUILDS[name])
  const upToDate = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
  if (upToDate && existsSync(join(root, outDir))) return true
  console.log(`Compiling (${project}) ...`)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const flags = ['-p', project, '--outDir', outDir]
  const { status } = spawnSync(process.execPath, [tsc, ...flags], { cwd: root, stdio: 'inherit' })
  removeOrphans(BUILDS[name])
  if (status !== 0) return false
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
  return true
}
