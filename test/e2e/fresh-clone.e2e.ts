/**
 * The two commands of the README in a fresh clone with an empty npm cache: `npm start` mounts, and
 * `npm test` runs (a part of it here: all of it is what CI does anyway).
 */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run, startServer, waitFor } from '../support/process.js'
import { projectPath, projectRoot } from '../support/project.js'
import { findMount, targetMissing } from '../support/target.js'

const INSTALL_TIMEOUT_MS = 300_000

test('npm start and npm test in a fresh clone', { timeout: 900_000 }, async (t) => {
  const missing = await targetMissing('cassfs')
  if (missing) return t.skip(missing)
  if (!existsSync(projectPath('.git'))) return t.skip('not a git checkout')
  const dir = mkdtempSync(join(tmpdir(), 'cassfs-fresh-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const clone = join(dir, 'clone')
  await run('git', ['clone', '-q', projectRoot, clone])
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    npm_config_cache: join(dir, 'npm-cache'),
    XDG_STATE_HOME: join(dir, 'state'),
    CASSFS_STATEDIR: join(dir, 'state/cassfs'),
    NODE_OPTIONS: '',
  }
  for (const name of Object.keys(env)) if (name.startsWith('npm_package_')) delete env[name]

  const server = await startServer('npm', ['start'], { cwd: clone, env })
  t.after(() => server.kill('SIGKILL'))
  const ready = () => !server.running() || server.output().includes('Try, in another terminal')
  await waitFor('npm start to be ready', ready, INSTALL_TIMEOUT_MS)
  assert.ok(server.running(), server.output())
  const hello = join(clone, 'mnt/hello.txt')
  assert.ok(findMount(join(clone, 'mnt'))?.type.startsWith('fuse'))
  writeFileSync(hello, 'hello')
  assert.equal(readFileSync(hello, 'utf8'), 'hello')
  server.kill('SIGINT') // to the whole group, as a terminal does
  await server.ended
  assert.match(server.output(), /Unmounted/)
  assert.equal(findMount(join(clone, 'mnt')), undefined)

  const options = { cwd: clone, env, timeoutMs: INSTALL_TIMEOUT_MS }
  const said = await run('npm', ['test', '--', 'src/volume', 'test/tidy/import-rules'], options)
  assert.match(said, /\n[1-9]\d* passed, 0 failed, \d+ skipped\n$/)
})
