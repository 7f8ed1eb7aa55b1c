/**
 * The project's own files, as git tracks them or would: what is ignored (builds, dependencies) is no
 * part of the project. Outside of a git checkout the folders are walked instead.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../support/project.js'

const IGNORED = /^(node_modules|dist|mnt|\.build|\.git)(\/|$)/

function listByGit(): string[] {
  const flags = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  return execFileSync('git', flags, { cwd: projectRoot, encoding: 'utf8' }).split('\0')
}

function listByWalk(dir = ''): string[] {
  return readdirSync(join(projectRoot, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = dir ? `${dir}/${entry.name}` : entry.name
    if (IGNORED.test(path)) return []
    return entry.isDirectory() ? listByWalk(path) : [path]
  })
}

/** Paths relative to the project, sorted. */
export function projectFiles(): string[] {
  const paths = existsSync(join(projectRoot, '.git')) ? listByGit() : listByWalk()
  return paths.filter((path) => path && existsSync(join(projectRoot, path))).sort()
}

export function readProjectFile(path: string): string {
  return readFileSync(join(projectRoot, path), 'utf8')
}

/** TypeScript sources below one of the folders. */
export function sourcesBelow(...folders: string[]): string[] {
  return projectFiles().filter(
    (path) => path.endsWith('.ts') && folders.some((folder) => path.startsWith(`${folder}/`)),
  )
}
