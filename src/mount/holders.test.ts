import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { describeHolder, findHolders, type Holder, listHolders } from './holders.js'

const skip = process.getuid?.() === 0 ? false : 'needs root: mounts a tmpfs'
const mountpoint = path.join(mkdtempSync(path.join(tmpdir(), 'cassfs-holders-')), 'm n')
const children: ChildProcess[] = []

before(() => {
  if (skip) return
  mkdirSync(mountpoint)
  execFileSync('mount', ['-t', 'tmpfs', 'none', mountpoint])
  mkdirSync(path.join(mountpoint, 'sub'))
  writeFileSync(path.join(mountpoint, 'file'), 'x')
})

after(() => {
  if (skip) return
  for (const child of children) child.kill('SIGKILL')
  execFileSync('umount', ['-l', mountpoint])
  rmSync(path.dirname(mountpoint), { recursive: true })
})

/** Runs a shell line that prints something once it holds what it holds. */
async function holding(line: string, options: { cwd?: string } = {}): Promise<ChildProcess> {
  const child = spawn('bash', ['-c', line], { stdio: ['ignore', 'pipe', 'inherit'], ...options })
  children.push(child)
  await once(child.stdout, 'data')
  return child
}

async function held(child: ChildProcess): Promise<Holder | undefined> {
  const holders = await listHolders(mountpoint)
  const found = holders.find((holder) => holder.pid === child.pid)
  child.kill('SIGKILL')
  await once(child, 'exit')
  return found
}

test('nobody holds a fresh mount', { skip }, async () => {
  assert.deepEqual(await listHolders(mountpoint), [])
  assert.deepEqual(await listHolders('/nowhere'), [])
})

test('an open file', { skip }, async () => {
  const child = await holding(`exec 5<'${mountpoint}/file'; echo; exec sleep 60`)
  const path = `${mountpoint}/file`
  assert.deepEqual(await held(child), { pid: child.pid, program: 'sleep', path, use: 'file' })
})

test('an open file that was unlinked', { skip }, async () => {
  const script = `exec 5>'${mountpoint}/gone'; rm '${mountpoint}/gone'; echo; exec sleep 60`
  const found = await held(await holding(script))
  assert.equal(found?.path, `${mountpoint}/gone (deleted)`)
})

test('a working directory', { skip }, async () => {
  const child = await holding('echo; exec sleep 60', { cwd: `${mountpoint}/sub` })
  const found = await held(child)
  assert.deepEqual([found?.use, found?.path], ['working directory', `${mountpoint}/sub`])
})

test('a running program', { skip }, async () => {
  copyFileSync('/bin/sleep', path.join(mountpoint, 'doze'))
  execFileSync('chmod', ['755', path.join(mountpoint, 'doze')])
  const child = await holding(`echo; exec '${mountpoint}/doze' 60`)
  await waitFor(async () => (await listHolders(mountpoint)).length > 0)
  const found = await held(child)
  assert.deepEqual([found?.use, found?.program], ['program', 'doze'])
})

test('a mapped file without a descriptor', { skip }, async () => {
  const preload = path.join(mountpoint, 'libm.so')
  const library = /=> (\S*libc\.so\S*)/.exec(
    execFileSync('ldd', ['/bin/sleep'], { encoding: 'utf8' }),
  )
  assert.ok(library?.[1], 'ldd tells the path of libc')
  copyFileSync(library[1], preload.replaceAll(' ', ' '))
  const link = path.join(tmpdir(), `cassfs-preload-${process.pid}`)
  execFileSync('ln', ['-sfn', mountpoint, link])
  const child = await holding(`echo; LD_PRELOAD='${link}/libm.so' exec sleep 60`)
  await waitFor(async () => (await listHolders(mountpoint)).length > 0)
  const found = await held(child)
  rmSync(link)
  assert.deepEqual([found?.use, found?.path], ['mapping', preload])
})

test('a process in a mount namespace of its own', { skip }, async () => {
  const script = `exec unshare -m bash -c "exec 5<'${mountpoint}/file'; echo; exec sleep 60"`
  const child = await holding(script)
  const found = await held(child)
  assert.deepEqual([found?.use, found?.path], ['file', `${mountpoint}/file`])
})

test('a mount inside the mount', { skip }, async () => {
  const inner = path.join(mountpoint, 'sub')
  execFileSync('mount', ['-t', 'tmpfs', 'none', inner])
  const [holder] = await listHolders(mountpoint)
  execFileSync('umount', [inner])
  assert.ok(holder)
  assert.equal(describeHolder(holder), `a mount lies on ${inner}`)
})

test('through a child process, by path and by device', { skip }, async () => {
  const child = await holding(`exec 5<'${mountpoint}/file'; echo; exec sleep 60`)
  const device = execFileSync('mountpoint', ['-d', mountpoint], { encoding: 'utf8' }).trim()
  const byPath = await findHolders({ mountpoint })
  const byDevice = await findHolders({ device })
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.deepEqual(byPath?.map(describeHolder), [
    `pid ${child.pid} (sleep) holds file ${mountpoint}/file`,
  ])
  assert.deepEqual(byDevice, byPath)
  assert.equal(await findHolders({ mountpoint }, 1), undefined, 'no time, no answer')
})

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.fail('it did not come about within 4 s')
}
