// Every check fails once, and its advice, followed literally, mends what it found: commands are run as
// they are printed, by a shell, in a folder of the test. Checks of the store and of dead mounts are in
// test/cli.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { Config } from '../../config/schema.js'
import type { Advice, Check, DoctorSystem, Finding } from './check.js'
import { freeSpaceCheck } from './free-space.js'
import { fuseDeviceCheck } from './fuse-device.js'
import { fusermountCheck } from './fusermount.js'
import { kernelCheck } from './kernel.js'
import { mountRightsCheck } from './mount-rights.js'
import { nodeVersionCheck } from './node-version.js'
import { selinuxCheck } from './selinux.js'
import { stateFolderCheck } from './state-folder.js'

const needsRoot = process.getuid?.() === 0 ? false : 'needs root: makes devices, other users’ files'
const nobody = 65534
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cassfs-doctor-'))
  chmodSync(folder, 0o755)
  for (const name of ['bin', 'proc/self', 'selinux/booleans']) {
    mkdirSync(path.join(folder, name), { recursive: true })
  }
})
afterEach(() => rmSync(folder, { recursive: true }))

const at = (name: string) => path.join(folder, name)

function system(changes: Partial<DoctorSystem> = {}): DoctorSystem {
  return {
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    env: { PATH: `${at('bin')}:/usr/sbin:/usr/bin:/sbin:/bin` },
    nodeVersion: '20.19.0',
    kernelRelease: '6.1.0',
    nowMs: Date.now,
    devicePath: at('fuse'),
    fuseConfPath: at('fuse.conf'),
    procPath: '/proc',
    selinuxPath: at('selinux'),
    osReleasePath: at('os-release'),
    ...changes,
  }
}

function config(changes: Partial<Config> = {}): Config {
  return { statedir: at('state'), allow_other: false, ...changes } as Config
}

/** A program of the sandbox's PATH. */
function install(name: string, script: string): void {
  writeFileSync(at(`bin/${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
}

function run(advice: Advice | undefined): void {
  assert.ok(advice?.command, 'the advice has a command')
  const env = { ...process.env, PATH: `${at('bin')}:${process.env.PATH}` }
  execFileSync('/bin/sh', ['-c', advice.command], { env, cwd: folder })
}

/** Fails, is mended by the printed command, is ok. */
async function mended(check: Check, look: () => Promise<Finding>): Promise<Finding> {
  const before = await look()
  assert.ok(before.state === 'fail' || before.state === 'warn', `${check.name}: ${before.summary}`)
  run(before.advice)
  const then = await look()
  assert.equal(then.state, 'ok', `${check.name}: ${then.summary}`)
  return before
}

/** The process looks at files as another user. */
async function asUser<Value>(uid: number, work: () => Promise<Value>): Promise<Value> {
  process.setegid?.(uid)
  process.seteuid?.(uid)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(0)
  }
}

test('node: the version that the advice names is new enough', async () => {
  const old = await nodeVersionCheck.run(system({ nodeVersion: '20.18.3' }), config())
  assert.equal(old.state, 'fail')
  const nodeVersion = /Node\.js ([\d.]+) or newer/.exec(old.advice?.text ?? '')?.[1] ?? ''
  assert.equal((await nodeVersionCheck.run(system({ nodeVersion }), config())).state, 'ok')
})

test('kernel: the version that the advice names is new enough', async () => {
  const look = (kernelRelease: string) => kernelCheck.run(system({ kernelRelease }), config())
  const named = ({ advice }: Finding) =>
    /Linux ([\d.]+) or newer/.exec(advice?.text ?? '')?.[1] ?? ''
  const old = await look('4.19.0-27-amd64')
  assert.equal(old.state, 'fail')
  const better = await look(named(old))
  assert.equal(better.state, 'warn')
  assert.equal((await look(named(better))).state, 'ok')
})

test('fuse device: one that is missing is made', { skip: needsRoot }, async () => {
  const look = () => fuseDeviceCheck.run(system(), config())
  const before = await mended(fuseDeviceCheck, look)
  assert.match(before.advice?.text ?? '', /--device \/dev\/fuse/)
})

test('fuse device: a file in its place is replaced', { skip: needsRoot }, async () => {
  writeFileSync(at('fuse'), '')
  await mended(fuseDeviceCheck, () => fuseDeviceCheck.run(system(), config()))
})

test('fuse device: one closed to this user is opened', { skip: needsRoot }, async () => {
  execFileSync('mknod', ['-m', '600', at('fuse'), 'c', '10', '229'])
  const look = () => asUser(nobody, () => fuseDeviceCheck.run(system({ uid: nobody }), config()))
  await mended(fuseDeviceCheck, look)
})

test('fuse device: a kernel without FUSE gets its module', { skip: needsRoot }, async () => {
  writeFileSync(at('proc/filesystems'), 'nodev\tproc\n\text4\n')
  const device = `mknod -m 666 '${at('fuse')}' c 10 229`
  install(
    'modprobe',
    `[ "$*" = fuse ] && printf 'nodev\\tfuse\\n' >>'${at('proc/filesystems')}' && ${device}`,
  )
  const look = () => fuseDeviceCheck.run(system({ procPath: at('proc') }), config())
  await mended(fuseDeviceCheck, look)
})

test('rights: root of a container gets the capability that the advice names', {
  skip: needsRoot,
}, async () => {
  /** As a container runtime starts root: with a few capabilities and those added by flags. */
  const inContainer = async (flags: string): Promise<Finding> => {
    const added = [...flags.matchAll(/--cap-add (\w+)/g)].map(([, name = '']) => name.toLowerCase())
    const bounds = ['-all', '+chown', '+mknod', '+setuid', ...added.map((name) => `+${name}`)]
    const set = ['--bounding-set', bounds.join(','), '--inh-caps', '-all']
    const text = execFileSync('setpriv', [...set, 'cat', '/proc/self/status'], { encoding: 'utf8' })
    writeFileSync(at('proc/self/status'), text)
    return mountRightsCheck.run(system({ procPath: at('proc') }), config())
  }
  const before = await inContainer('')
  assert.equal(before.state, 'fail')
  assert.equal((await inContainer(before.advice?.text ?? '')).state, 'ok')
})

test('rights: users are allowed to open mounts to others', async () => {
  const look = () => mountRightsCheck.run(system({ uid: 1000 }), config({ allow_other: true }))
  await mended(mountRightsCheck, look)
  assert.match(readFileSync(at('fuse.conf'), 'utf8'), /^user_allow_other$/m)
})

test('rights: a line that is a comment allows nothing', async () => {
  writeFileSync(at('fuse.conf'), '# user_allow_other\n')
  await mended(mountRightsCheck, () =>
    mountRightsCheck.run(system({ uid: 1000 }), config({ allow_other: true })),
  )
})

test('fusermount3: one without set-uid gets it back', { skip: needsRoot }, async () => {
  copyFileSync('/bin/true', at('bin/fusermount3'))
  chmodSync(at('bin/fusermount3'), 0o755)
  chownSync(at('bin/fusermount3'), nobody, nobody)
  await mended(fusermountCheck, () => fusermountCheck.run(system({ uid: 1000 }), config()))
})

test('fusermount3: a missing one is installed as the distribution does', {
  skip: needsRoot,
}, async () => {
  const make = `cp /bin/true '${at('bin/fusermount3')}' && chmod 4755 '${at('bin/fusermount3')}'`
  const distributions = [
    ['ID=debian', 'apt-get', 'install -y fuse3'],
    ['ID=rocky\nID_LIKE="rhel centos fedora"', 'dnf', 'install -y fuse3'],
    ['ID=alpine', 'apk', 'add fuse3'],
  ] as const
  for (const [release, program, words] of distributions) {
    rmSync(at('bin/fusermount3'), { force: true })
    writeFileSync(at('os-release'), `NAME=x\n${release}\n`)
    install(program, `[ "$*" = '${words}' ] && ${make}`)
    const env = { PATH: at('bin') }
    await mended(fusermountCheck, () => fusermountCheck.run(system({ uid: 1000, env }), config()))
  }
})

test('state folder: one open to others is closed', { skip: needsRoot }, async () => {
  mkdirSync(at('state'), { mode: 0o755 })
  await mended(stateFolderCheck, () => stateFolderCheck.run(system(), config()))
  assert.equal(statSync(at('state')).mode & 0o777, 0o700)
})

test('state folder: one of another user changes hands', { skip: needsRoot }, async () => {
  mkdirSync(at('state/deep'), { recursive: true, mode: 0o700 })
  chmodSync(at('state'), 0o700)
  chownSync(at('state'), nobody, nobody)
  await mended(stateFolderCheck, () => stateFolderCheck.run(system(), config()))
})

test('state folder: one that this user cannot make is made', { skip: needsRoot }, async () => {
  const user = JSON.stringify(system({ uid: nobody, gid: nobody }))
  const script = `
    const { stateFolderCheck } = await import(${JSON.stringify(import.meta.resolve('./state-folder.js'))})
    const found = await stateFolderCheck.run(${user}, { statedir: ${JSON.stringify(at('state'))} })
    process.stdout.write(JSON.stringify(found))`
  const identity = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']
  const node = [process.execPath, '--input-type=module', '-e', script]
  await mended(stateFolderCheck, async () =>
    JSON.parse(execFileSync('setpriv', [...identity, ...node], { encoding: 'utf8' })),
  )
})

test('state folder: one without rights for its owner gets them', { skip: needsRoot }, async () => {
  mkdirSync(at('state'), { mode: 0o500 })
  await mended(stateFolderCheck, () => stateFolderCheck.run(system(), config()))
})

test('state folder: a file in its place is moved away', async () => {
  writeFileSync(at('state'), 'x')
  await mended(stateFolderCheck, () => stateFolderCheck.run(system(), config()))
  assert.equal(readFileSync(at('state.old'), 'utf8'), 'x')
})

test('free space: old logs go, then another disk is chosen', { skip: needsRoot }, async () => {
  mkdirSync(at('state/log'), { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=80m', 'none', at('state/log')])
  try {
    const statedir = at('state/log')
    mkdirSync(path.join(statedir, 'log'))
    writeFileSync(path.join(statedir, 'log/a.log'), 'kept')
    writeFileSync(path.join(statedir, 'log/a.log.1'), Buffer.alloc(30 * 1024 ** 2))
    const before = await freeSpaceCheck.run(system(), config({ statedir }))
    assert.equal(before.state, 'fail')
    run(before.advice)
    const then = await freeSpaceCheck.run(system(), config({ statedir }))
    assert.equal(then.state, 'warn', 'enough to run, not enough for long')
    assert.equal(readFileSync(path.join(statedir, 'log/a.log'), 'utf8'), 'kept')
    assert.match(then.advice?.text ?? '', /choose a larger disk with -statedir/)
    const elsewhere = await freeSpaceCheck.run(system(), config({ statedir: at('elsewhere') }))
    assert.equal(elsewhere.state, 'ok')
  } finally {
    execFileSync('umount', [at('state/log')])
  }
})

test('selinux: web servers are allowed to use FUSE mounts', async () => {
  const value = at('selinux/booleans/httpd_use_fusefs')
  writeFileSync(at('selinux/enforce'), '1')
  writeFileSync(value, '0 0')
  install('setsebool', `[ "$*" = '-P httpd_use_fusefs on' ] && printf '1 1' >'${value}'`)
  await mended(selinuxCheck, () => selinuxCheck.run(system(), config()))
  writeFileSync(value, '0 0')
  writeFileSync(at('selinux/enforce'), '0')
  assert.equal((await selinuxCheck.run(system(), config())).state, 'ok', 'permissive')
})
