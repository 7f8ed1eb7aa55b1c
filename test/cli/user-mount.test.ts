/**
 * A user other than root mounts through fusermount3: in a mount namespace of its own, where /dev/fuse is
 * open to all as on an ordinary machine.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { programsMissing } from '../support/process.js'
import { targetMissing } from '../support/target.js'

const nobody = 65534
const needsRoot = process.getuid?.() === 0 ? undefined : 'needs root, to become another user'
const programs = programsMissing(
  ['fusermount3', 'setpriv', 'unshare'],
  'apt-get install fuse3 util-linux',
)
const skip = needsRoot ?? (await targetMissing('cassfs')) ?? programs ?? false

describe('a user other than root', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cassfs-user-'))
  const program = join(folder, 'cassfs')

  before(() => {
    const main = join(import.meta.dirname, '../../src/cli/main.js')
    const script = `import(${JSON.stringify(main)}).then(({ main }) => main(process.argv.slice(2)))`
    writeFileSync(program, `#!${process.execPath}\n${script}\n`, { mode: 0o755 })
    chmodSync(folder, 0o755)
    for (const name of ['home', 'home/site', 'home/run']) {
      mkdirSync(join(folder, name))
      chownSync(join(folder, name), nobody, nobody)
    }
    execFileSync('mknod', ['-m', '666', join(folder, 'fuse'), 'c', '10', '229'])
  })
  after(() => rmSync(folder, { recursive: true }))

  /** Runs a script as nobody; what it mounted ends with its namespace. */
  function asNobody(script: string): string {
    const identity = `--reuid=${nobody} --regid=${nobody} --clear-groups`
    const outer = `mount --bind '${folder}/fuse' /dev/fuse && exec setpriv ${identity} bash -euc "$SCRIPT"`
    const env = {
      PATH: `${folder}:${process.env.PATH}`,
      HOME: join(folder, 'home'),
      XDG_RUNTIME_DIR: join(folder, 'home/run'),
      SCRIPT: script,
    }
    return execFileSync('unshare', ['-m', 'sh', '-c', outer], {
      env,
      cwd: join(folder, 'home'),
      encoding: 'utf8',
      timeout: 120_000,
    })
  }

  test('mounts in the background, works, is listed, unmounts, and finds it again', () => {
    const said = asNobody(`
      cassfs --background ./site >/dev/null
      echo hello > site/a; id -u; stat -c %u site/a
      cassfs status
      cassfs umount ./site
      ls -A site | wc -l
      cassfs cat /a
      stat -c %a .local/state/cassfs`)
    const lines = said.trim().split('\n')
    assert.deepEqual(lines.slice(0, 2), [String(nobody), String(nobody)])
    assert.match(said, new RegExp(`^${folder}/home/site +1 +prod +lmdb +running `, 'm'))
    assert.deepEqual(lines.slice(-3), ['0', 'hello', '700'])
  })

  test('a busy mount is detached, and a killed one leaves nothing', () => {
    const said = asNobody(`
      cassfs --background ./site >/dev/null
      exec 5>site/b
      cassfs umount ./site 2>&1 5>&- | grep -c 'holds file' 5>&- || true
      grep -c "$PWD/site " /proc/self/mountinfo || true
      echo late >&5; exec 5>&-
      for try in $(seq 100); do cassfs status | grep -q "$PWD/site " || break; sleep 0.1; done
      cassfs cat /b
      pid=$(cassfs --background ./site | sed 's/.*process \\([0-9]*\\).*/\\1/')
      kill -9 $pid
      for try in $(seq 100); do grep -q "$PWD/site " /proc/self/mountinfo || break; sleep 0.1; done
      grep -c "$PWD/site " /proc/self/mountinfo || true`)
    assert.deepEqual(said.trim().split('\n'), ['1', '0', 'late', '0'])
  })

  test('doctor finds everything in order', () => {
    const results = JSON.parse(asNobody('cassfs doctor --json')) as {
      check: string
      state: string
    }[]
    const failed = results.filter((result) => result.state === 'fail')
    assert.deepEqual(failed, [])
  })
})
