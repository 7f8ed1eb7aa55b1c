/** What `npm pack` publishes: only what runs; and it runs, installed in an empty folder. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run, startServer, waitFor } from '../support/process.js'
import { projectPath, projectRoot } from '../support/project.js'
import { findMount, targetMissing } from '../support/target.js'

const PUBLISHED = /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|bin\/|docs\/|dist\/)/
const NOT_FOR_USERS = /\.test\.|\.map$|(^|\/)testing\/|\.ts$(?<!\.d\.ts)/
const INSTALL_TIMEOUT_MS = 180_000

async function pack(dir: string): Promise<{ filename: string; files: { path: string }[] }> {
  const flags = ['pack', '--json', '--ignore-scripts', `--pack-destination=${dir}`]
  return JSON.parse(await run('npm', flags, { cwd: projectRoot }))[0]
}

async function mountFrom(dir: string): Promise<void> {
  const mountpoint = join(dir, 'mnt')
  mkdirSync(mountpoint)
  const program = join(dir, 'node_modules/.bin/cassfs')
  const server = await startServer(program, [`-statedir=${join(dir, 'state')}`, mountpoint])
  try {
    await waitFor(`a mount:\n${server.output()}`, () => {
      assert.ok(server.running(), server.output())
      return findMount(mountpoint)?.type.startsWith('fuse') ?? false
    })
    writeFileSync(join(mountpoint, 'hello'), 'from a package')
    assert.equal(readFileSync(join(mountpoint, 'hello'), 'utf8'), 'from a package')
    await run(program, ['umount', mountpoint])
    assert.equal(await server.ended, 0, server.output())
  } finally {
    server.kill('SIGKILL')
  }
}

const EXAMPLE_PRINTS = `d /posts/2026
- /posts/2026/first.md
change 2026/first.md
ENOENT stat /absent
`

/** The example of docs/LIBRARY.md, as its readers would compile and run it. */
async function runExample(dir: string): Promise<void> {
  const [, example] = readFileSync(projectPath('docs/LIBRARY.md'), 'utf8').match(
    /```ts\n([\s\S]+?)```/,
  ) as RegExpMatchArray
  writeFileSync(join(dir, 'example.mts'), example ?? '')
  const settings = [
    '--strict',
    '--target',
    'es2022',
    '--lib',
    'esnext',
    '--module',
    'nodenext',
    '--skipLibCheck',
  ]
  const types = ['--typeRoots', projectPath('node_modules/@types'), '--types', 'node']
  const compiler = projectPath('node_modules/.bin/tsc')
  await run(compiler, [...settings, ...types, 'example.mts'], { cwd: dir })
  assert.equal(await run(process.execPath, ['example.mjs'], { cwd: dir }), EXAMPLE_PRINTS)
  const inner = `import('cassfs/dist/vfs/vfs.js').catch((error) => console.log(error.code))`
  const told = await run(process.execPath, ['-e', inner], { cwd: dir })
  assert.equal(told, 'ERR_PACKAGE_PATH_NOT_EXPORTED\n')
}

test('npm pack holds only what runs: from an empty folder, as a library and as a mount', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'cassfs-pack-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const { filename, files } = await pack(dir)
  const paths = files.map((file) => file.path)
  assert.deepEqual(
    paths.filter((path) => !PUBLISHED.test(path) || NOT_FOR_USERS.test(path)),
    [],
  )
  for (const path of ['bin/cassfs.js', 'dist/cli/main.js', 'dist/index.js', 'dist/index.d.ts'])
    assert.ok(paths.includes(path), `${path} is missing`)

  writeFileSync(join(dir, 'package.json'), '{ "private": true }')
  const flags = ['--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
  const options = { cwd: dir, timeoutMs: INSTALL_TIMEOUT_MS }
  await run('npm', ['install', ...flags, join(dir, filename)], options)
  assert.ok(!existsSync(join(dir, 'node_modules/typescript')), 'a development package came along')
  await runExample(dir)
  const missing = await targetMissing('cassfs')
  if (missing) return t.skip(missing)
  await mountFrom(dir)
})
