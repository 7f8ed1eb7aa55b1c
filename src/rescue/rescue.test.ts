// A real vfs over a store in memory, and what of it ends in the rescue folder.

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { createEmptyVolume } from '../../test/simulation/empty-volume.js'
import { close, root, type TestVfs, withVfs, writeFile } from '../../test/vfs/test-vfs.js'
import { Errno, FsError } from '../posix/errno.js'
import { O_APPEND, O_CREAT, O_RDWR } from '../posix/open-flags.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import type { Store } from '../store/store.js'
import type { Intent } from '../vfs/intents/intent.js'
import { rootIno } from '../volume/inode.js'
import { type MountRescue, openRescue } from './rescue.js'
import type { RescueEntry } from './rescue-entry.js'
import { dataPath, listRescued } from './rescue-files.js'
import { RescueFolder } from './rescue-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'cassfs-rescue-'))
after(() => rmSync(folder, { recursive: true }))
const create = O_RDWR | O_CREAT
let log: { level: string; message: string; fields: Record<string, unknown> | undefined }[] = []
let rescue: MountRescue
let count = 0

function open(bytesMax = 2 ** 30): MountRescue {
  const say = (level: string) => (message: string, fields?: Record<string, unknown>) =>
    void log.push({ level, message, fields })
  const logger = { warn: say('warn'), error: say('error') }
  const place = { stateDir: folder, volume: `v${count}`, owner: '1', environment: 'prod' }
  return openRescue({ ...place, bytesMax, logger })
}

beforeEach(() => {
  count++
  log = []
  rescue = open()
})

interface Kept extends RescueEntry {
  readonly data: Buffer
}

function kept(): Kept[] {
  return listRescued(rescue.directory).map(({ id, entry }) => {
    assert.ok(entry)
    const data =
      entry.kind === 'file' ? readFileSync(dataPath(rescue.directory, id)) : Buffer.alloc(0)
    return { ...entry, data }
  })
}

const messages = (level: string) => log.filter((line) => line.level === level).map((l) => l.message)

describe('a file whose last close cannot save it', () => {
  const old = Buffer.alloc(300_000, 'old bytes;')

  /** Its store has no room for more than the old bytes. */
  async function lose(
    store: Store,
    quotaBytes: number,
    change: (opened: TestVfs) => Promise<void>,
  ) {
    const identity = await createEmptyVolume(store, { quotaBytes })
    const options = { store, identity, vfs: { rescue } }
    await withVfs(options, async (vfs, opened) => {
      await writeFile(vfs, rootIno, 'caf\xc3\xa9', old.toString('latin1'))
      await change(opened)
      await vfs.settle().catch(() => undefined)
    })
    await rescue.settled()
  }

  /** Writes over the middle, appends, leaves a hole, changes attributes. */
  async function change({ vfs }: TestVfs): Promise<void> {
    const inode = (await vfs.lookup(root, rootIno, 'caf\xc3\xa9')) ?? assert.fail()
    const handle = await vfs.open(root, inode.ino, O_RDWR)
    await vfs.write(root, handle, 100_000, Buffer.from('NEW'))
    await vfs.write(root, handle, 400_000, Buffer.from('END'))
    await vfs.setattr(root, inode.ino, { mode: 0o604, uid: 12, gid: 13 }, handle)
    await vfs.release(root, handle)
  }

  const expected = Buffer.alloc(400_003)
  old.copy(expected)
  expected.write('NEW', 100_000)
  expected.write('END', 400_000)

  test('is kept with exactly the bytes and attributes that programs saw', async () => {
    await lose(createMemoryStore(), old.length + 1000, change)
    const [entry, ...more] = kept()
    assert.deepEqual(more, [])
    assert.ok(entry)
    assert.ok(entry.data.equals(expected))
    assert.deepEqual(
      [entry.path, entry.mode, entry.uid, entry.gid, entry.size],
      ['/caf\xc3\xa9', 0o100604, 12, 13, 400_003],
    )
    assert.equal(entry.why.code, 'EDQUOT')
    assert.equal(entry.missing, undefined)
    assert.equal(messages('warn').length, 1)
    assert.deepEqual(messages('error'), [])
  })

  test('whose stored blocks cannot be read is kept in parts, which says what is missing', async () => {
    const store = createMemoryStore()
    await lose(store, old.length + 1000, async (opened) => {
      await change({
        ...opened,
        vfs: {
          ...opened.vfs,
          async release(caller, handle) {
            opened.content.read = () => Promise.reject(new FsError(Errno.EIO, 'no block'))
            await opened.vfs.release(caller, handle)
          },
        },
      })
    })
    const [entry] = kept()
    assert.ok(entry)
    assert.deepEqual(entry.missing, [
      { start: 0, end: 100_000 },
      { start: 100_003, end: 300_000 },
    ])
    assert.equal(entry.data.length, 400_003)
    assert.equal(entry.data.toString('latin1', 100_000, 100_003), 'NEW')
    assert.equal(entry.data.toString('latin1', 400_000), 'END')
    assert.ok(entry.data.subarray(0, 100_000).every((byte) => byte === 0))
  })

  test('that fits only without its stored bytes is kept in parts', async () => {
    rescue = open(200_000)
    await lose(createMemoryStore(), old.length + 1000, change)
    const [entry] = kept()
    assert.equal(entry?.missing?.length, 2)
    assert.equal(entry.data.toString('latin1', 400_000), 'END')
  })

  test('that does not fit at all is refused, and the log says so', async () => {
    rescue = open(1000)
    await lose(createMemoryStore(), old.length + 1000, change)
    assert.deepEqual(kept(), [])
    const [line] = log.filter(({ level }) => level === 'error')
    assert.match(String(line?.fields?.error), /rescue folder is full/)
  })

  test('is told by the next mount', async () => {
    await lose(createMemoryStore(), old.length + 1000, change)
    log = []
    const next = open()
    await next.settled()
    assert.equal(next.count().entries, 1)
    assert.deepEqual(messages('warn'), [
      'what could not be stored earlier is kept: see cassfs rescue list',
    ])
  })
})

describe('what was answered and is lost', () => {
  /** A vfs that remembers its changes, so that they can be declared lost as the replica does. */
  async function withChanges(body: (opened: TestVfs, changes: Intent[]) => Promise<void>) {
    const changes: Intent[] = []
    const options = { store: createMemoryStore(), vfs: { rescue } }
    await withVfs(options, async (vfs, opened) => {
      const change = opened.replica.change.bind(opened.replica)
      opened.replica.change = (intent, ...rest) => {
        changes.push(intent)
        return change(intent, ...rest)
      }
      await body(opened, changes)
      await vfs.settle()
    })
    await rescue.settled()
  }

  const lostError = () =>
    new FsError(Errno.EIO, 'it cannot be done', { cause: new FsError(Errno.EEXIST) })

  test('a small file is kept from its own save, with the path of its lost making', async () => {
    await withChanges(async ({ vfs }, changes) => {
      const folderInode = await vfs.mkdir(root, rootIno, 'd', 0o755)
      const { ino } = await writeFile(vfs, folderInode.ino, 'f', 'one block of bytes '.repeat(900))
      const removed = changes.splice(0)
      await vfs.unlink(root, folderInode.ino, 'f')
      await vfs.rmdir(root, rootIno, 'd')
      for (const intent of removed) vfs.lost(intent, lostError())
      // What a kill in the very next moment leaves is enough for the next mount.
      const killed = `${rescue.directory}-killed`
      cpSync(rescue.directory, killed, { recursive: true })
      assert.equal(
        await new RescueFolder({ directory: killed, bytesMax: 1 }).recover(assert.fail),
        3,
      )
      assert.ok(listRescued(killed).every(({ entry }) => entry))
      await rescue.settled()
      const entries = kept()
      const file = entries.find(({ kind }) => kind === 'file') ?? assert.fail()
      assert.equal(file.path, '/d/f')
      assert.deepEqual([file.ino, file.mode, file.why.code], [ino, 0o100644, 'EIO'])
      assert.equal(file.data.toString(), 'one block of bytes '.repeat(900))
      const made = entries.filter(({ kind }) => kind === 'change')
      assert.deepEqual(made.map(({ path }) => path).sort(), ['/d', '/d/f'])
      assert.deepEqual(new Set(made.map(({ change }) => change?.kind)), new Set(['create']))
    })
  })

  test('tiny files, appended tails and what stood in the store are kept whole', async () => {
    await withChanges(async ({ vfs }, changes) => {
      await writeFile(vfs, rootIno, 'tiny', 'inline')
      await writeFile(vfs, rootIno, 'log', 'x'.repeat(20_000))
      const inode = (await vfs.lookup(root, rootIno, 'log')) ?? assert.fail()
      const handle = await vfs.open(root, inode.ino, O_RDWR | O_APPEND)
      await vfs.write(root, handle, 0, Buffer.from('a line\n'))
      await close(vfs, handle)
      const saves = changes.filter(({ kind }) => kind === 'save')
      assert.equal(saves.length, 3)
      const [tiny, , tail] = saves as [Intent, Intent, Intent]
      vfs.lost(tiny, lostError())
      vfs.lost(tail, lostError())
      await rescue.settled()
      const found = new Map(kept().map(({ path, data }) => [path, data.toString()]))
      assert.equal(found.size, 2)
      assert.equal(found.get('/tiny'), 'inline')
      assert.equal(found.get('/log'), `${'x'.repeat(20_000)}a line\n`)
    })
  })

  test('a tail on a block that is lost too is kept with that block', async () => {
    await withChanges(async ({ vfs, content }, changes) => {
      await writeFile(vfs, rootIno, 'log', 'y'.repeat(20_000))
      const inode = (await vfs.lookup(root, rootIno, 'log')) ?? assert.fail()
      const handle = await vfs.open(root, inode.ino, O_RDWR | O_APPEND)
      await vfs.write(root, handle, 0, Buffer.from('tail'))
      await close(vfs, handle)
      content.read = () => Promise.reject(new FsError(Errno.EIO, 'no store has it'))
      for (const intent of changes.filter(({ kind }) => kind === 'save'))
        vfs.lost(intent, lostError())
      await rescue.settled()
      const sizes = kept().map(({ data, missing }) => [data.length, missing])
      assert.deepEqual(
        sizes.sort(([a], [b]) => Number(a) - Number(b)),
        [
          [20_000, undefined],
          [20_004, undefined],
        ],
      )
    })
  })

  test('changes of names and attributes are described', async () => {
    await withChanges(async ({ vfs }, changes) => {
      const inode = await writeFile(vfs, rootIno, 'a', '')
      changes.splice(0)
      await vfs.setxattr(root, inode.ino, 'user.x', Buffer.from([1, 255]), 0)
      await vfs.rename(root, rootIno, 'a', rootIno, 'b', 0)
      for (const intent of changes) vfs.lost(intent, lostError())
      await rescue.settled()
      const [attribute, rename] = ['setxattr', 'rename'].map((kind) =>
        kept().find(({ change }) => change?.kind === kind),
      )
      assert.equal(attribute?.path, '/b')
      assert.equal(attribute.change?.value, '01ff')
      assert.deepEqual([rename?.path, rename?.newPath], ['/a', '/b'])
    })
  })

  test('bytes of an open file whose making was lost go to rescue at its last close', async () => {
    await withChanges(async ({ vfs, replica }, changes) => {
      const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o600, create)
      vfs.remember(inode.ino, 1)
      await vfs.write(root, handle, 0, Buffer.from('unsaved'))
      const made = changes.find(({ kind }) => kind === 'create') ?? assert.fail()
      // As if another mount had the name first.
      await replica.change({ kind: 'unlink', parent: rootIno, name: 'f', time: inode.ctime })
      vfs.lost(made, lostError())
      await assert.rejects(async () => vfs.flush(root, handle), FsError)
      await vfs.release(root, handle)
      await vfs.settle()
      await rescue.settled()
      const file = kept().find(({ kind }) => kind === 'file') ?? assert.fail()
      assert.equal(file.path, '/f')
      assert.equal(file.mode, 0o100600)
      assert.equal(file.data.toString(), 'unsaved')
    })
  })

  test('a file that was removed on purpose does not', async () => {
    await withChanges(async ({ vfs }) => {
      const { handle } = await vfs.create(root, rootIno, 'f', 0o600, create)
      await vfs.write(root, handle, 0, Buffer.from('unsaved'))
      await vfs.unlink(root, rootIno, 'f')
      await vfs.release(root, handle)
      await vfs.settle()
      await rescue.settled()
      assert.deepEqual(kept(), [])
    })
  })
})
