/**
 * Where the project lies, for tests: they run from a build folder, so that a path relative to the
 * running file says nothing.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

function findRoot(): string {
  for (let dir = dirname(fileURLToPath(import.meta.url)); dir !== '/'; dir = dirname(dir)) {
    const path = join(dir, 'package.json')
    if (existsSync(path) && JSON.parse(readFileSync(path, 'utf8')).name === 'cassfs') return dir
  }
  throw new Error('no package.json of cassfs above this file')
}

/** The folder of package.json, absolute. */
export const projectRoot = findRoot()

/** A path of the project, absolute: `projectPath('bin/cassfs.js')`. */
export function projectPath(path: string): string {
  return join(projectRoot, path)
}
