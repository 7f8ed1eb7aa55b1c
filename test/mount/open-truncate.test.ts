/**
 * O_TRUNC on a real mount: what the kernel makes of it depends on what was agreed at INIT.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, writeFileSync } from 'node:fs'
import { access, chmod, constants, open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openSandbox, type Sandbox } from '../cli/cassfs.js'
import { cleanUp, type ForegroundMount, makeFolder, startMount } from '../cli/mounts.js'

const { O_RDONLY, O_TRUNC } = constants
const rounds = 20

const skip = await access('/dev/fuse', constants.R_OK | constants.W_OK).then(
  () => (process.getuid?.() === 0 ? false : 'tried as root'),
  () => '/dev/fuse cannot be opened here',
)

let sandbox: Sandbox
let folder = ''
const mounts: ForegroundMount[] = []

before(async () => {
  if (skip) return
  sandbox = openSandbox()
  folder = makeFolder(sandbox, 'site')
  // Commits are counted: one for each change.
  mounts.push(await startMount(sandbox, ['-write_lease=off', folder]))
})

after(async () => {
  if (skip) return
  await cleanUp(mounts, sandbox.folder)
  sandbox.close()
})

async function commits(): Promise<number> {
  const { stdout } = await sandbox.run(['status', folder, '--json'])
  return JSON.parse(stdout)[0].status.counts.replica.commits
}

test('a program that runs is not emptied by who may not write to it', { skip }, async () => {
  const program = join(folder, 'sleep')
  copyFileSync('/bin/sleep', program)
  await chmod(program, 0o755)
  const { size } = await stat(program)
  for (let round = 0; round < rounds; round++) {
    const running = spawn(program, ['60'], { stdio: 'ignore' })
    await once(running, 'spawn')
    try {
      for (const flags of [constants.O_WRONLY, constants.O_RDWR, O_RDONLY | O_TRUNC])
        await assert.rejects(open(program, flags), { code: 'ETXTBSY' })
      assert.equal((await stat(program)).size, size)
      assert.equal(running.exitCode ?? running.signalCode, null)
    } finally {
      running.kill('SIGKILL')
      await once(running, 'exit')
    }
  }
})

test('a file that is written anew is one commit, and one that is only emptied too', {
  skip,
}, async () => {
  const file = join(folder, 'file')
  writeFileSync(file, 'old and long')
  const beforehand = await commits()
  writeFileSync(file, 'new')
  assert.equal(await commits(), beforehand + 1)
  assert.equal(await readFile(file, 'utf8'), 'new')
  const handle = await open(file, O_RDONLY | O_TRUNC)
  assert.equal((await handle.stat()).size, 0)
  await handle.close()
  assert.equal(await commits(), beforehand + 2)
  assert.equal(await readFile(file, 'utf8'), '')
})
