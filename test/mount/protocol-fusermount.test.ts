// Mounting as an ordinary user: as nobody, in a mount namespace of its own, where /dev/fuse is open
// to all (here it may be root's alone). fusermount3 is the real one of the package fuse3.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runProgram, whyNoMount } from './mounted.js'

const CHILD = fileURLToPath(new URL('./helper-child.js', import.meta.url))

const NOBODY = 'setpriv --reuid 65534 --regid 65534 --clear-groups --'

function whyNoHelper(): string | undefined {
  const reason = whyNoMount()
  if (reason) return reason
  for (const program of ['fusermount3', 'unshare', 'setpriv']) {
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    } catch {
      return `SKIPPED: there is no ${program} here (packages fuse3, util-linux)`
    }
  }
  try {
    execFileSync('sh', ['-c', `${NOBODY} test -r ${CHILD} -a -x ${process.execPath}`])
  } catch {
    return 'SKIPPED: this folder, or node, is closed to the user nobody'
  }
  return undefined
}

/** Runs a script in a mount namespace of its own, where /mnt is empty; nothing of it is left. */
function inNamespace(script: string): Promise<string> {
  const whole = `set -e; mount -t tmpfs -o mode=755 none /mnt; ${script}`
  return runProgram('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', whole])
}

/** Runs the child as nobody, after what `prepare` does as root. */
function asNobody(prepare: string, environment = ''): Promise<string> {
  return inNamespace(`
    mkdir -m 755 /mnt/dir && chown 65534:65534 /mnt/dir
    mknod /mnt/fuse c 10 229 && chmod 666 /mnt/fuse
    mount --bind /mnt/fuse /dev/fuse
    ${prepare}
    exec ${NOBODY} env ${environment} ${process.execPath} ${CHILD} /mnt/dir`)
}

const skip = whyNoHelper()

describe('mounting as nobody', { skip: skip ?? false, timeout: 60_000 }, () => {
  it('goes through fusermount3, and works', async () => {
    const result = JSON.parse(await asNobody(''))
    assert.equal(result.uid, 65534)
    assert.match(result.line, /^back\\134slash,\\040comma .* fuse\.cassfs rw,nosuid,nodev,/)
    assert.match(result.line, /user_id=65534,group_id=65534/)
    assert.equal(result.said, 'hello\n65534\n')
    assert.equal(result.notified, 0)
    assert.match(result.refusal, /EBUSY: .*busy/)
    assert.deepEqual(result.complaints, [])
  })

  it('without fusermount3 says what to install', async () => {
    await assert.rejects(asNobody('', 'PATH=/nowhere'), /fusermount3 is needed .* install fuse3/)
  })

  it('without a way to open /dev/fuse passes on what fusermount3 says', async () => {
    await assert.rejects(asNobody('chmod 600 /dev/fuse'), /fusermount3: .*\/dev\/fuse/)
  })
})

describe('mounting as root', { skip: skip ?? false, timeout: 30_000 }, () => {
  const asRoot = (prepare: string) =>
    inNamespace(`mkdir /mnt/dir; ${prepare}; exec ${process.execPath} ${CHILD} /mnt/dir`)

  it('without /dev/fuse says that the kernel has no FUSE here', async () => {
    const hidden = 'mount -t tmpfs none /dev'
    await assert.rejects(asRoot(hidden), /ENOENT: cannot open \/dev\/fuse: .*modprobe fuse/)
  })
})
