/** `cassfs rescue`: what a mount kept is listed, put back, and deleted. */
import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openJournalFolder } from '../../src/journal/journal-folder.js'
import { tryLock } from '../../src/native/flock.js'
import { entryVersion, type RescueEntry } from '../../src/rescue/rescue-entry.js'
import { RescueFolder } from '../../src/rescue/rescue-folder.js'
import type { Intent } from '../../src/vfs/intents/intent.js'
import { encodeIntent } from '../../src/vfs/journaled-intent.js'
import { rootIno } from '../../src/volume/inode.js'
import { targetMissing } from '../support/target.js'
import { openSandbox, type Sandbox } from './cassfs.js'
import { cleanUp, type ForegroundMount, makeFolder, startMount } from './mounts.js'

const volume = '00000000-0000-4000-8000-000000000001'

interface Listed {
  readonly id: string
  readonly kind: string
  readonly path?: string
}

async function listed(sandbox: Sandbox, ...args: string[]): Promise<Listed[]> {
  const { status, stdout, stderr } = await sandbox.run(['rescue', 'list', '--json', ...args])
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

describe('what is kept', () => {
  let sandbox: Sandbox
  let file = ''
  let change = ''

  async function keep(facts: Partial<RescueEntry>, text?: string): Promise<string> {
    const directory = join(sandbox.folder, 'state/rescue', volume)
    const draft = new RescueFolder({ directory, bytesMax: 2 ** 30 }).begin()
    if (text !== undefined) draft.write(0, Buffer.from(text))
    draft.describe({
      version: entryVersion,
      kind: text === undefined ? 'change' : 'file',
      time: '2024-05-06T07:08:09.000Z',
      owner: 'shop',
      environment: 'prod',
      volume,
      why: { errno: 122, code: 'EDQUOT', message: 'no room\x1b[2J' },
      ...(text === undefined ? {} : { size: text.length }),
      ...facts,
    })
    await draft.publish()
    return draft.id
  }

  before(async () => {
    sandbox = openSandbox()
    const mtime = { sec: 1_700_000_000, nsec: 500_000_000 }
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
    file = await keep({ path: '/d/caf\xe9', mode: 0o100640, uid, gid, mtime }, 'the bytes')
    change = await keep({ path: '/a', newPath: '/b', owner: '2', change: { kind: 'rename' } })
  })
  after(() => sandbox?.close())

  test('is listed, names and reasons escaped', async () => {
    const { status, stdout } = await sandbox.run(['rescue', 'list'])
    assert.equal(status, 0)
    assert.match(stdout, /shop\/prod +file +\/d\/caf\\xe9 +9 B +no room\\x1b\[2J/)
    assert.match(stdout, /2\/prod +rename +\/a -> \/b +- /)
    const found = await listed(sandbox)
    assert.deepEqual(
      found.map(({ id, kind }) => [id, kind]),
      [
        [file, 'file'],
        [change, 'change'],
      ].sort(),
    )
    assert.deepEqual(
      (await listed(sandbox, '-owner=2')).map(({ id }) => id),
      [change],
    )
    assert.deepEqual(await listed(sandbox, '-environment=other'), [])
  })

  test('is restored with mode and time, never over a file, and asks where to when it must', async () => {
    const nowhere = await sandbox.run(['rescue', 'restore', file])
    assert.equal(nowhere.status, 1)
    assert.match(nowhere.stderr, /"prod" of owner "shop" is not mounted for writing; .*--to\n$/)
    const target = join(sandbox.folder, 'restored')
    const restored = await sandbox.run(['rescue', 'restore', file, '--to', target])
    assert.deepEqual(restored, { status: 0, stdout: `${target}\n`, stderr: '' })
    assert.equal(readFileSync(target, 'utf8'), 'the bytes')
    const { mode, mtimeMs } = statSync(target)
    assert.deepEqual([mode & 0o7777, mtimeMs], [0o640, 1_700_000_000_500])
    const again = await sandbox.run(['rescue', 'restore', file, '--to', target])
    assert.equal(again.status, 1)
    assert.equal(again.stderr, `cassfs: ${target} exists already; restore elsewhere with --to\n`)
    const folder = makeFolder(sandbox, 'into')
    await sandbox.run(['rescue', 'restore', file, '--to', folder])
    assert.deepEqual(readdirSync(folder, 'latin1'), ['caf\xe9'])
    mkdirSync(join(sandbox.folder, 'mnt/d'), { recursive: true })
    const below = await sandbox.run(['rescue', 'restore', file, '--below', 'mnt'])
    assert.equal(below.status, 0, below.stderr)
    assert.deepEqual(readdirSync(join(sandbox.folder, 'mnt/d'), 'latin1'), ['caf\xe9'])
  })

  test('a file in parts is restored with zeros, which is said', async () => {
    const id = await keep({ path: '/parts', missing: [{ start: 2, end: 5 }] }, 'ab\0\0\0f')
    const { status, stderr } = await sandbox.run(['rescue', 'restore', id, '--to', 'parts'])
    assert.equal(status, 0)
    assert.match(stderr, /parts has zeros for bytes not kept: 2-4\n$/)
    assert.equal(readFileSync(join(sandbox.folder, 'parts'), 'latin1'), 'ab\0\0\0f')
    await sandbox.run(['rescue', 'delete', id])
  })

  test('mistakes are told', async () => {
    const wrong: [string[], number, RegExp][] = [
      [['restore', 'nonsense'], 1, /nothing is kept as nonsense; all: cassfs rescue list/],
      [['restore', change], 1, /is a change of names or attributes, without bytes/],
      [['restore', file, '--to=a', '--below=b'], 2, /not both/],
      [['restore'], 2, /missing required argument/],
      [['delete'], 2, /takes ids, or --all/],
      [['delete', file, '--all'], 2, /takes ids, or --all/],
      [['delete', 'nonsense'], 1, /nothing is kept/],
      [[], 2, /see: cassfs help rescue/],
    ]
    for (const [args, status, pattern] of wrong) {
      const said = await sandbox.run(['rescue', ...args])
      assert.deepEqual({ args, status: said.status }, { args, status })
      assert.match(said.stderr, pattern)
      assert.match(said.stderr, /^cassfs: [^\n]+\n$/)
    }
    assert.equal((await listed(sandbox)).length, 2)
  })

  test('is deleted by id, with a restore, and all of it', async () => {
    const third = await keep({ path: '/third' }, 'three')
    await sandbox.run(['rescue', 'restore', third, '--to', 'third', '--delete'])
    assert.deepEqual((await listed(sandbox)).map(({ id }) => id).sort(), [change, file].sort())
    const one = await sandbox.run(['rescue', 'delete', file])
    assert.deepEqual(one, { status: 0, stdout: '1 deleted\n', stderr: '' })
    const directory = join(sandbox.folder, 'state/rescue', volume)
    writeFileSync(join(directory, `${file}.data`), 'left by a crash')
    utimesSync(join(directory, `${file}.data`), 1, 1)
    const none = await sandbox.run(['rescue', 'delete', '--all', '-owner=nobody'])
    assert.equal(none.stdout, '0 deleted\n')
    assert.equal((await sandbox.run(['rescue', 'delete', '--all'])).stdout, '1 deleted\n')
    assert.deepEqual(readdirSync(directory), [])
    const { stdout } = await sandbox.run(['rescue', 'list'])
    assert.equal(stdout, 'nothing is kept: all that was written is stored\n')
  })
})

describe('what a mount could not carry on', {
  skip: (await targetMissing('cassfs')) ?? false,
}, () => {
  let sandbox: Sandbox
  let mounts: ForegroundMount[] = []

  before(() => {
    sandbox = openSandbox()
  })
  after(() => sandbox?.close())
  afterEach(async () => {
    await cleanUp(mounts, sandbox.folder)
    mounts = []
  })

  async function mount(folder: string): Promise<ForegroundMount> {
    const one = await startMount(sandbox, [folder])
    mounts.push(one)
    return one
  }

  /** What a killed process would have answered: `f`, made and written. Answers the journal's path. */
  function leaveJournal(volumeId: string, ino: number, text: string): string {
    const directory = join(sandbox.folder, 'state/journal', volumeId)
    const lock = (fd: number) => tryLock(fd, 'exclusive')
    const journals = openJournalFolder({
      directory,
      volume: volumeId,
      tryLock: lock,
      warn: () => {},
    })
    const journal = journals.create()
    const seen = { names: [{ parent: rootIno, name: 'f', ino: 0 }], inodes: [] }
    intents(ino, text).forEach((intent, index) => {
      const encoded = encodeIntent(intent)
      assert.ok(encoded)
      const record = { number: index + 1, grantSeq: 0, answers: undefined }
      journal.append({ ...record, seen, ...encoded })
    })
    journal.close(false)
    return join(directory, journal.id)
  }

  /** As where a power cut has lost what followed. */
  function tearEnd(journal: string): void {
    const bytes = readFileSync(journal)
    bytes.fill('torn', bytes.length - 8)
    writeFileSync(journal, bytes)
  }

  test('is in rescue, in status, and goes back where it was', async () => {
    const folder = makeFolder(sandbox, 'site')
    const first = await mount(folder)
    writeFileSync(join(folder, 'f'), 'theirs')
    first.signal('SIGINT')
    await first.ended
    const [volumeId = ''] = readdirSync(join(sandbox.folder, 'state/journal'))
    leaveJournal(volumeId, 1_000_000, 'mine')
    tearEnd(leaveJournal(volumeId, 2_000_000, 'of a torn journal'))

    await mount(folder)
    for (let tries = 0; tries < 100 && (await listed(sandbox)).length < 5; tries++) await sleep(50)
    assert.equal(readFileSync(join(folder, 'f'), 'utf8'), 'theirs')
    const all = await listed(sandbox, folder)
    const kinds = all.map(({ kind, path }) => `${kind} ${path}`).sort()
    assert.deepEqual(kinds, ['change /f', 'change /f', 'file /f', 'file /f', 'journal undefined'])
    const { stdout } = await sandbox.run(['status', folder])
    assert.match(stdout, /^rescued +5 that could not be stored \(.*\); see: cassfs rescue list$/m)

    const files = all.filter(({ kind }) => kind === 'file').map(({ id }) => id)
    const there = await sandbox.run(['rescue', 'restore', files[0] ?? ''])
    assert.match(there.stderr, /exists already; restore elsewhere with --to/)
    rmSync(join(folder, 'f'))
    const restored = await sandbox.run(['rescue', 'restore', files[0] ?? '', '--delete'])
    assert.deepEqual(restored, { status: 0, stdout: `${join(folder, 'f')}\n`, stderr: '' })
    assert.match(readFileSync(join(folder, 'f'), 'utf8'), /^(mine|of a torn journal)$/)
    assert.equal(statSync(join(folder, 'f')).mode & 0o777, 0o640)

    const journal = all.find(({ kind }) => kind === 'journal')?.id ?? ''
    const into = makeFolder(sandbox, 'journal')
    const torn = await sandbox.run(['rescue', 'restore', journal, '--to', into])
    assert.equal(torn.status, 0, torn.stderr)
    assert.equal(readFileSync(join(into, '2-f'), 'utf8'), 'of a torn journal')
    assert.equal((await sandbox.run(['rescue', 'delete', '--all'])).stdout, '4 deleted\n')
    assert.ok(!existsSync(join(sandbox.folder, 'state/journal', volumeId, `${journal}.damaged`)))
  })
})

function intents(ino: number, text: string): Intent[] {
  const time = { sec: 1_700_000_000, nsec: 0 }
  const made = { ino, mode: 0o100640, umask: 0o022, uid: 0, gid: 0, rdev: 0, target: '', time }
  const place = { parent: rootIno, name: 'f' }
  const content = { kind: 'inline', data: Buffer.from(text) } as const
  const result = { content, size: text.length, moved: false, shifts: new Map() }
  const prepared = { base: { content: { kind: 'none' }, size: 0 } as const, result }
  const save = { ino, time, mtime: time, modeDropped: 0, changes: undefined, snapshot: undefined }
  return [
    { kind: 'create', ...place, ...made, existing: 'refuse' },
    { kind: 'save', ...save, blocks: [], prepared },
  ]
}
