// What takes set-id bits where only the file system can: the kernel leaves it the group of who writes, and sends
// a chown to nobody as a change of nothing.

import assert from 'node:assert/strict'
import { chmodSync, chownSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openSandbox, type Sandbox } from '../cli/cassfs.js'
import { cleanUp, type ForegroundMount, makeFolder, startMount } from '../cli/mounts.js'
import { run } from '../support/process.js'
import { targetMissing } from '../support/target.js'

const skip = (await targetMissing('cassfs')) ?? false

describe('set-id bits', { skip }, () => {
  let sandbox: Sandbox
  let folder = ''
  const mounts: ForegroundMount[] = []

  before(async () => {
    sandbox = openSandbox()
    chmodSync(sandbox.folder, 0o755) // others come in too
    folder = makeFolder(sandbox, 'site')
    mounts.push(await startMount(sandbox, [folder]))
  })
  after(async () => {
    await cleanUp(mounts, sandbox.folder)
    sandbox.close()
  })

  const makeFile = (mode: number): string => {
    const path = join(folder, 'file')
    writeFileSync(path, 'before')
    chownSync(path, 1000, 1000)
    chmodSync(path, mode)
    return path
  }
  const modeOf = (path: string) => statSync(path).mode & 0o7777
  const as = (uid: number, gid: number, groups: string, command: string) => {
    const who = [`--reuid=${uid}`, `--regid=${gid}`, groups]
    return run('setpriv', [...who, 'sh', '-c', command], { cwd: folder })
  }

  for (const [what, command] of [
    ['a write', 'echo x >>file'],
    ['a truncation', 'truncate -s 1 file'],
    ['fallocate', 'fallocate -l 100 file'],
    ['a hole', 'fallocate -p -o 0 -l 3 file'],
  ] as const)
    test(`${what} takes the set-group-id bit that nobody executes from who is outside the group`, async () => {
      const path = makeFile(0o6766)
      await as(1001, 1001, '--groups=1000', command)
      assert.equal(modeOf(path), 0o2766, 'a member by a supplementary group')
      makeFile(0o6766)
      await as(1001, 1001, '--clear-groups', command)
      assert.equal(modeOf(path), 0o766, 'outside')
      makeFile(0o6776)
      await as(1001, 1001, '--groups=1000', command)
      assert.equal(modeOf(path), 0o776, 'the group executes it')
    })

  test('a chown takes it too, unless the owner belongs to the group', async () => {
    const path = makeFile(0o6766)
    await as(1000, 1000, '--groups=1001', 'chgrp 1001 file')
    assert.deepEqual([statSync(path).gid, modeOf(path)], [1001, 0o2766])
    chmodSync(path, 0o6766)
    await as(1000, 1000, '--groups=1002', 'chgrp 1002 file')
    assert.deepEqual([statSync(path).gid, modeOf(path)], [1002, 0o766])
  })

  test('chown to nobody takes them as any chown does, and only from the owner', async () => {
    const path = makeFile(0o6755)
    chownSync(path, -1, -1)
    assert.equal(modeOf(path), 0o755)
    makeFile(0o6755)
    const chown = `exec ${process.execPath} -e 'require("fs").chownSync("file", -1, -1)'`
    await as(1001, 1001, '--clear-groups', chown)
    assert.equal(modeOf(path), 0o6755)
    await as(1000, 1000, '--clear-groups', chown)
    assert.equal(modeOf(path), 0o755)
  })
})
