// Mounting as an ordinary user: as nobody, in a mount namespace of its own, where /dev/fuse is open
// to all (here it may be root's alone). fusermount3 is the real one of the package fuse3.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runProgram, whyNoMount } from './mounted.js'

const CHILD = fileURLToPath(new URL('./helper-child.js', import.meta.url))

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
  return undefined
}

/** Runs the child as nobody in its own mount namespace, after what `prepare` does there as root. */
async function asNobody(prepare: string, environment = ''): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'cassfs-nobody-'))
  chmodSync(directory, 0o777)
  const nobody = 'setpriv --reuid 65534 --regid 65534 --clear-groups --'
  const script = `
    set -e
    mkdir ${directory}/mnt && chown 65534:65534 ${directory}/mnt
    mknod ${directory}/fuse c 10 229 && chmod 666 ${directory}/fuse
    mount --bind ${directory}/fuse /dev/fuse
    ${prepare}
    exec ${nobody} env HOME=${directory} ${environment} \
      ${process.execPath} ${CHILD} ${directory}/mnt`
  try {
    return await runProgram('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script])
  } finally {
    rmSync(directory, { recursive: true })
  }
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
  const asRoot = (prepare: string) => {
    const script = `${prepare} && mkdir -p /tmp/mnt && exec ${process.execPath} ${CHILD} /tmp/mnt`
    return runProgram('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script])
  }

  it('without /dev/fuse says that the kernel has no FUSE here', async () => {
    const hidden = 'mount -t tmpfs none /dev'
    await assert.rejects(asRoot(hidden), /ENOENT: cannot open \/dev\/fuse: .*modprobe fuse/)
  })
})
