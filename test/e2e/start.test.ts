/** `npm start`, as a person uses it: it mounts, says what to try, and unmounts on Ctrl-C. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type Server, startServer, waitFor } from '../support/process.js'
import { projectPath, projectRoot } from '../support/project.js'
import { findMount, targetMissing } from '../support/target.js'

const skip = (await targetMissing('cassfs')) ?? false
const START_TIMEOUT_MS = 60_000

async function startIn(dir: string, ...flags: string[]): Promise<Server> {
  const env = { ...process.env, XDG_STATE_HOME: join(dir, 'state-home'), INIT_CWD: dir }
  const options = [projectPath('scripts/start.mjs'), ...flags]
  const server = await startServer(process.execPath, options, { cwd: projectRoot, env })
  const ready = () => !server.running() || server.output().includes('Try, in another terminal')
  await waitFor('npm start to be ready', ready, START_TIMEOUT_MS)
  assert.ok(server.running(), server.output())
  return server
}

describe('npm start', { skip }, () => {
  test('mounts a folder, unmounts on Ctrl-C, and has the files again next time', async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'cassfs-start-'))
    t.after(() => rmSync(dir, { recursive: true, force: true }))
    const flags = [`-statedir=${join(dir, 'state')}`, 'site']
    const site = join(dir, 'site')
    const first = await startIn(dir, flags[0] as string, `./${flags[1]}`)
    t.after(() => first.kill('SIGKILL'))
    assert.ok(findMount(site)?.type.startsWith('fuse'), first.output())
    writeFileSync(join(site, 'kept'), 'yes')
    // The terminal and npm both pass a Ctrl-C on: two signals, one key.
    process.kill(first.pid, 'SIGINT')
    process.kill(first.pid, 'SIGINT')
    assert.equal(await first.ended, 0, first.output())
    assert.match(first.output(), /Unmounted/)
    assert.equal(findMount(site), undefined)

    const second = await startIn(dir, flags[0] as string, './site')
    t.after(() => second.kill('SIGKILL'))
    assert.equal(readFileSync(join(site, 'kept'), 'utf8'), 'yes')
    process.kill(second.pid, 'SIGTERM')
    assert.equal(await second.ended, 0, second.output())
  })
})
