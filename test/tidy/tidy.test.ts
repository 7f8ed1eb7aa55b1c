/**
 * What a reviewer would say of any change, said by a test: sizes, READMEs, skips without a reason,
 * traces of the machine that the code was written on.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { test } from 'node:test'
import { projectPath, projectRoot } from '../support/project.js'
import { projectFiles, readProjectFile, sourcesBelow } from './project-files.js'

const FILE_LINES_MAX = 300
const README_LINES_MAX = 60
const LOCK_FILE = 'package-lock.json'

/** Files over the limit and their length. The list only shrinks: take out what got shorter. */
const LONG_FILES: Record<string, number> = {}

/** Hosts that the project may name: public documents, and addresses that lead nowhere. */
const HOSTS = [
  /^(www\.)?(github\.com|nodejs\.org|w3\.org|kernel\.org|docs\.kernel\.org|git\.kernel\.org)$/,
  /^(cassandra|maven|www|logging)\.apache\.org$/,
  /^(man7\.org|pubs\.opengroup\.org|biomejs\.dev|semver\.org|keepachangelog\.com)$/,
  /^[a-z][\w-]*$/, // without a dot it leads nowhere
  /^(127\.[\d.]+|\[::1\]|([\w-]+\.)*example(\.com|\.org)?)$/,
]

const isCode = (path: string) => /\.(ts|mjs|js|sh)$/.test(path) || path.startsWith('.ci/')
const linesOf = (text: string) => text.replace(/\n$/, '').split('\n')

test(`no file of code is over ${FILE_LINES_MAX} lines, but for a list that only shrinks`, () => {
  const long: Record<string, number> = {}
  for (const path of projectFiles().filter(isCode)) {
    const { length } = linesOf(readProjectFile(path))
    if (length > FILE_LINES_MAX) long[path] = length
  }
  assert.deepEqual(long, LONG_FILES)
})

test('no function is over 70 lines', () => {
  const config = projectPath('test/tidy/function-size.json')
  const flags = ['lint', `--config-path=${config}`, '--reporter=github', '--diagnostic-level=error']
  const biome = projectPath('node_modules/.bin/biome')
  const { stdout, status } = spawnSync(biome, [...flags, '.'], {
    cwd: projectRoot,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout)
})

test(`every folder of src has a README of at most ${README_LINES_MAX} lines`, () => {
  const folders = readdirSync(projectPath('src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `src/${entry.name}`)
  const missing = folders.filter((folder) => !existsSync(projectPath(`${folder}/README.md`)))
  assert.deepEqual(missing, [])
  for (const path of projectFiles().filter((each) => /^src\/.*README\.md$/.test(each)))
    assert.ok(linesOf(readProjectFile(path)).length <= README_LINES_MAX, path)
})

test('no test is skipped without a reason, and none runs alone', () => {
  const silent =
    /\b(skip|todo)\(\s*\)|\b(skip|todo):\s*true\b|\b(test|it|describe)\.(skip|todo|only)\b/
  const alone = /\bonly:\s*true\b/
  const found = sourcesBelow('src', 'test', 'bench')
    .filter((path) => path.endsWith('.test.ts') && !path.startsWith('test/tidy/'))
    .filter((path) => silent.test(readProjectFile(path)) || alone.test(readProjectFile(path)))
  assert.deepEqual(found, [])
})

test('no file names a host that is not public, nor a folder of this machine', () => {
  const here = [projectRoot, homedir()].filter((path) => path.split('/').length > 2)
  const found: string[] = []
  const binary = /\.(png|jpg|frame|bin)$/
  const paths = projectFiles().filter((path) => !binary.test(path) && path !== LOCK_FILE)
  for (const path of paths) {
    const text = readProjectFile(path)
    for (const [, host = ''] of text.matchAll(/\bhttps?:\/\/([^\s/:'"`)>$]+)/g))
      if (!HOSTS.some((pattern) => pattern.test(host))) found.push(`${path}: ${host}`)
    for (const folder of here) if (text.includes(`${folder}/`)) found.push(`${path}: ${folder}`)
  }
  assert.deepEqual(found, [])
})

test('package-lock.json fits every registry', () => {
  assert.doesNotMatch(readProjectFile(LOCK_FILE), /"resolved"/)
})
