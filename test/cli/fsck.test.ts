/** `cassfs fsck`: its words, its JSON and its exit status; beside a mount, on damage, on what is not there. */
import assert from 'node:assert/strict'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.js'
import { newestMeta } from '../../src/tables/data-file.js'
import { decodeHead, encodeHead } from '../../src/volume/head-codec.js'
import { RecordKind } from '../../src/volume/record.js'
import { damageStore, type RawStore } from '../damage/raw-store.js'
import { targetMissing } from '../support/target.js'
import { openSandbox, type Sandbox } from './cassfs.js'
import { cleanUp, type ForegroundMount, makeFolder, startMount } from './mounts.js'

const skip = (await targetMissing('cassfs')) ?? false

describe('fsck', { skip }, () => {
  let sandbox: Sandbox
  let mounts: ForegroundMount[] = []
  let store = ''

  before(() => {
    sandbox = openSandbox()
    store = join(sandbox.folder, 'state/store')
  })
  after(() => sandbox.close())
  afterEach(async () => {
    await cleanUp(mounts, sandbox.folder)
    mounts = []
  })

  async function damage(change: (raw: RawStore) => void): Promise<void> {
    const opened = await openLmdbStore({ directory: store })
    const owner = await opened.readOwner('1')
    const entry = await opened.readEnvironment('1', 'prod')
    await opened.close()
    const identity = { volume: entry?.volume ?? '', owner: owner?.id ?? '' }
    await damageStore(store, identity, change)
  }

  test('what is not there cannot be checked, and is not made', async () => {
    const none = await sandbox.run(['fsck'])
    assert.equal(none.status, 3)
    assert.match(none.stderr, /^cassfs: could not check: there is no embedded store in /)
    assert.equal(existsSync(store), false)
    assert.equal((await sandbox.run(['env', 'create', 'other'])).status, 0)
    const other = await sandbox.run(['fsck'])
    assert.equal(other.status, 3)
    assert.match(other.stderr, /could not check: owner "1" has no environment "prod"/)
    assert.equal((await sandbox.run(['fsck', '--al'])).status, 2)
  })

  test('a mounted environment is sound, all of them are', async () => {
    const folder = makeFolder(sandbox, 'mnt')
    const mount = await startMount(sandbox, [folder])
    mounts.push(mount)
    mkdirSync(join(folder, 'sub'))
    for (let n = 0; n < 20; n++) writeFileSync(join(folder, 'sub', `f${n}`), 'x'.repeat(n * 1000))
    // What stands in the journal alone is noted: here all of it is to be in the volume.
    const sub = openSync(join(folder, 'sub'), 'r')
    fsyncSync(sub)
    closeSync(sub)
    const one = await sandbox.run(['fsck'])
    assert.equal(one.status, 0, one.stdout + one.stderr)
    assert.match(one.stdout, /^prod: \d+ inodes, \d+ blocks, all of them read, as of change \d+\n/)
    assert.match(one.stdout, /\nsound: nothing was found\n$/)
    const all = await sandbox.run(['fsck', '--all', '--read-blocks', '--json'])
    assert.equal(all.status, 0, all.stderr)
    const told = JSON.parse(all.stdout)
    assert.deepEqual([told.state, told.findings], ['sound', []])
    const names = told.environments.map((each: { environment: string }) => each.environment)
    assert.deepEqual(names, ['other', 'prod'])
    mount.signal('SIGTERM')
    await mount.ended
  })

  test('damage is told by path, with what to do', async () => {
    await damage((raw) => {
      const sub = raw.ino(1, 'sub')
      raw.put(RecordKind.dirent, sub, 'f7', raw.value(RecordKind.dirent, sub, 'f7').subarray(0, 9))
      const head = decodeHead(raw.value(RecordKind.head, 0))
      raw.put(RecordKind.head, 0, '', encodeHead({ ...head, usedInodes: 1 }))
      raw.rows('blocks').removeSync(raw.blockKey(raw.hashOf(sub, 'f9')))
    })
    const words = await sandbox.run(['fsck'])
    assert.equal(words.status, 1, words.stderr)
    assert.match(words.stdout, /^prod: \/sub\/f7: damaged dirent: .*; to do: remove the entry /m)
    assert.match(
      words.stdout,
      /^prod: \/sub\/f9: block [0-9a-f]{64} is missing; to do: restore it/m,
    )
    assert.match(words.stdout, /^damaged: 2 faults were found$/m)
    const { status, stdout } = await sandbox.run(['fsck', '--json'])
    assert.equal(status, 1)
    const { state, findings } = JSON.parse(stdout)
    assert.equal(state, 'damaged')
    const found = findings.map((each: Record<string, string>) => [
      each.environment,
      each.check,
      each.path,
    ])
    assert.deepEqual(found, [
      ['prod', 'record', '/sub/f7'],
      ['prod', 'block', '/sub/f9'],
    ])
  })

  test('a page that is another one is found, though nothing reads it: the free ones stand there', async () => {
    const path = join(store, 'data.mdb')
    const [free = 0n] = newestMeta(path)?.roots ?? []
    const kept = readFileSync(path)
    const bytes = Buffer.from(kept)
    bytes.fill('z', Number(free) * 4096, (Number(free) + 1) * 4096)
    writeFileSync(path, bytes)
    const { status, stdout, stderr } = await sandbox.run(['fsck'])
    assert.equal(status, 1, stdout + stderr)
    assert.match(
      stdout,
      /^the store's data file: page \d+ says that it is another one; to do: keep/m,
    )
    writeFileSync(path, kept)
  })

  test('a data file that was cut short is a finding', async () => {
    truncateSync(join(store, 'data.mdb'), 3 * 4096)
    const { status, stdout, stderr } = await sandbox.run(['fsck'])
    assert.equal(status, 1, stdout + stderr)
    assert.match(
      stdout,
      /data.mdb: damaged: it was cut short, 12288 bytes are left of \d+; .*; to do: keep a copy /,
    )
    assert.deepEqual(readdirSync(join(sandbox.folder, 'state')).includes('store'), true)
  })
})
