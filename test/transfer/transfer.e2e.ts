/** Transfers that are interrupted, refused by a quota or a full disk, or large: as commands. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createEnvironment } from '../../src/environments/create-environment.js'
import { openStore } from '../../src/store/open-store.js'
import { openSandbox, type Sandbox } from '../cli/cassfs.js'
import { differences, listTree, makeContent } from '../support/tree.js'

let sandbox: Sandbox
const inside = (name: string) => join(sandbox.folder, name)

before(() => {
  sandbox = openSandbox()
})
after(() => sandbox.close())

/** Runs to its end and answers standard output; its exit status is to be `status`. */
async function cassfs(args: readonly string[], status = 0): Promise<string> {
  const ended = await sandbox.run(args, { timeoutMs: 240_000 })
  assert.equal(ended.status, status, `${args.join(' ')}:\n${ended.stdout}${ended.stderr}`)
  return status === 0 ? ended.stdout : ended.stderr
}

test('Ctrl-C ends an import in order, and the next one goes on', async () => {
  const many = inside('many')
  mkdirSync(many)
  for (let number = 0; number < 3000; number++)
    writeFileSync(join(many, `file${number}`), `content ${number}`.repeat(100))
  const child = sandbox.start(['import', many, '/many'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = once(child, 'exit')
  while (child.exitCode === null && !hasFile(inside('state/journal'))) await pause(20)
  await pause(300)
  child.kill('SIGINT')
  const [status] = await ended
  if (status !== 0) {
    assert.equal(status, 130, said)
    assert.match(said, /finished and stored first[\s\S]*goes on from there/)
  }
  const { unchanged, files } = JSON.parse(await cassfs(['import', '--json', many, '/many']))
  assert.equal(unchanged + files, 3000)
  assert.equal(status === 0 || (unchanged > 0 && files > 0), true, `${status}: ${unchanged}`)
  await cassfs(['export', '/many', 'many-out'])
  assert.equal(differences(listTree(inside('many-out')), listTree(many)), '')
})

test('a quota that is used up is told; with more room the same command goes on', async () => {
  const owner = { uid: 0, gid: 0 }
  const store = await openStore({ engine: 'lmdb', directory: inside('state/store') })
  await createEnvironment(store, '1', 'small', { ...owner, quotaBytes: 40_000 })
  await store.close()
  const folder = inside('too-much')
  mkdirSync(folder)
  for (let number = 0; number < 10; number++)
    writeFileSync(join(folder, `f${number}`), Buffer.alloc(9000, number + 1))
  const told = await cassfs(['import', '--keep-going', '-environment=small', folder, '/'], 1)
  assert.match(told, /f\d: the volume's quota of 40000 bytes is used up/)
  const there = (await cassfs(['ls', '-environment=small'])).trim().split('\n')
  assert.ok(there.length >= 2 && there.length < 10, there.join())
  for (const name of there) rmSync(join(folder, name))
  await cassfs(['rm', '-environment=small', ...there.map((name) => `/${name}`)])
  await cassfs(['import', '-environment=small', folder, '/'], there.length < 6 ? 1 : 0)
  const now = (await cassfs(['ls', '-environment=small'])).trim().split('\n')
  assert.ok(now.length > 1 && now.every((name) => !there.includes(name)), now.join())
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function hasFile(folder: string): boolean {
  try {
    return readdirSync(folder, { recursive: true }).length > 1
  } catch {
    return false
  }
}

interface Measured {
  readonly status: number
  /** The most that the process held in memory of its own, in MiB. */
  readonly anonymousMib: number
}

/** Runs a command and looks at its memory again and again. */
async function measured(args: readonly string[]): Promise<Measured> {
  const child = sandbox.start(args, { stdio: ['ignore', 'ignore', 'inherit'] })
  let kib = 0
  const timer = setInterval(() => {
    const text = readStatus(child.pid ?? 0)
    kib = Math.max(kib, Number(/^RssAnon:\s+(\d+)/m.exec(text)?.[1] ?? 0))
  }, 50)
  const [status] = await once(child, 'exit')
  clearInterval(timer)
  return { status, anonymousMib: Math.round(kib / 1024) }
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    // It has ended.
    return ''
  }
}

describe('memory stays bounded', () => {
  const limitMib = 350

  test('with a file of 300 MB, to and fro', async (t) => {
    mkdirSync(inside('large'))
    const part = makeContent(5, 3_000_001)
    writeFileSync(inside('large/file'), '')
    for (let count = 0; count < 100; count++)
      writeFileSync(inside('large/file'), part, { flag: 'a' })
    const runs = [
      ['import', 'large', '/large'],
      ['export', '/large', 'large.tar'],
      ['import', 'large.tar', '/large-tar'],
      ['export', '/large-tar', 'large-out'],
      ['cp', ':/large/file', ':/copied'],
    ]
    for (const args of runs) {
      const { status, anonymousMib } = await measured(args)
      t.diagnostic(`${args.join(' ')}: ${anonymousMib} MiB`)
      assert.equal(status, 0)
      assert.ok(anonymousMib < limitMib, `${args.join(' ')}: ${anonymousMib} MiB`)
    }
    assert.equal(differences(listTree(inside('large-out')), listTree(inside('large'))), '')
    for (const name of ['large', 'large-out', 'large.tar'])
      rmSync(inside(name), { recursive: true })
    await cassfs(['rm', '-r', '/large', '/large-tar', '/copied'])
  })

  test('with 20,000 files, to and fro', async (t) => {
    for (let folder = 0; folder < 100; folder++) {
      mkdirSync(inside(`files/${folder}`), { recursive: true })
      for (let number = 0; number < 200; number++)
        writeFileSync(inside(`files/${folder}/${number}`), makeContent(folder + number, 2000))
    }
    const runs = [
      ['import', 'files', '/files'],
      ['export', '/files', 'files.tar'],
      ['import', 'files.tar', '/files-tar'],
      ['export', '/files-tar', 'files-out'],
    ]
    for (const args of runs) {
      const { status, anonymousMib } = await measured(args)
      t.diagnostic(`${args.join(' ')}: ${anonymousMib} MiB`)
      assert.equal(status, 0)
      assert.ok(anonymousMib < limitMib, `${args.join(' ')}: ${anonymousMib} MiB`)
    }
    assert.equal(differences(listTree(inside('files-out')), listTree(inside('files'))), '')
  })
})

test('a full disk is told; with room the same export goes on', async (t) => {
  if (process.geteuid?.() !== 0) return t.skip('SKIPPED: needs root to mount a small disk')
  const disk = inside('disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk])
  try {
    mkdirSync(inside('ten'))
    for (let number = 0; number < 10; number++)
      writeFileSync(inside(`ten/f${number}`), makeContent(number, 600_000))
    await cassfs(['import', 'ten', '/ten'])
    for (const to of ['disk/out', 'disk/out.tar']) {
      const told = await cassfs(['export', '--keep-going', '/ten', to], 1)
      assert.match(told, /no (room|space) left/)
    }
    assert.deepEqual(readdirSync(disk), ['out'])
    const { length } = readdirSync(inside('disk/out'))
    assert.ok(length > 0 && length < 10)
    execFileSync('mount', ['-o', 'remount,size=20m', disk])
    const { unchanged, files } = JSON.parse(await cassfs(['export', '--json', '/ten', 'disk/out']))
    assert.deepEqual([unchanged, files], [length, 10 - length])
    assert.equal(differences(listTree(inside('disk/out')), listTree(inside('ten'))), '')
  } finally {
    execFileSync('umount', ['-l', disk])
  }
})
