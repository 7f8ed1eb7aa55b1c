import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { Errno, FsError } from '../posix/errno.js'
import { bootId } from '../tables/boot-id.js'
import { openRescue } from './rescue.js'
import { entryVersion, type RescueEntry, reasonOf } from './rescue-entry.js'
import {
  countRescued,
  dataPath,
  deleteLeftovers,
  deleteRescued,
  listRescued,
} from './rescue-files.js'
import { RescueFolder } from './rescue-folder.js'

const root = mkdtempSync(join(tmpdir(), 'cassfs-rescue-'))
after(() => rmSync(root, { recursive: true }))
let directory = ''
let count = 0
beforeEach(() => {
  directory = join(root, `volume-${count++}`)
})

const unexpected = (path: string) => assert.fail(path)

const open = (bytesMax = 2 ** 30) => new RescueFolder({ directory, bytesMax })

function entry(facts: Partial<RescueEntry> = {}): RescueEntry {
  return {
    version: entryVersion,
    kind: 'file',
    time: '2024-05-06T07:08:09.000Z',
    owner: '1',
    environment: 'prod',
    volume: 'v',
    path: '/caf\xc3\xa9/\xff\xfe\n',
    ino: 7,
    mode: 0o100640,
    uid: 1,
    gid: 2,
    size: 5,
    mtime: { sec: 3, nsec: 4 },
    why: { errno: 5, code: 'EIO', message: 'the store is silent' },
    ...facts,
  }
}

async function keep(folder: RescueFolder, text: string): Promise<string> {
  const draft = folder.begin()
  draft.write(0, Buffer.from(text))
  draft.describe(entry({ size: text.length }))
  await draft.publish()
  return draft.id
}

test('what is kept is there with its bytes, for its owner alone', async () => {
  const id = await keep(open(), 'bytes')
  const [found, ...more] = listRescued(directory)
  assert.deepEqual(more, [])
  assert.equal(found?.id, id)
  assert.deepEqual(found.entry, entry({ boot: bootId() }))
  assert.equal(readFileSync(dataPath(directory, id), 'utf8'), 'bytes')
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  for (const name of readdirSync(directory))
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name)
})

test('a file with holes takes no room for them, and has its size', async () => {
  const draft = open().begin()
  draft.write(10_000_000, Buffer.from('end'))
  draft.describe(entry({ size: 20_000_000 }))
  await draft.publish()
  const [found] = listRescued(directory)
  assert.ok(found?.entry)
  assert.ok(found.bytes < 100_000, String(found.bytes))
  assert.equal(statSync(dataPath(directory, found.id)).size, 20_000_000)
})

test('before it is described nothing is listed, and the next process cannot complete it', async () => {
  open().begin().write(0, Buffer.from('half'))
  assert.deepEqual(listRescued(directory), [])
  assert.equal(await open().recover(unexpected), 0)
  assert.deepEqual(listRescued(directory), [])
  assert.equal(deleteLeftovers(directory, 3_600_000), 0, 'somebody may be writing it')
  assert.equal(deleteLeftovers(directory, 0), 1)
  assert.deepEqual(readdirSync(directory), [])
})

test('from its description on it survives a kill: the next process completes it', async () => {
  const draft = open().begin()
  draft.write(0, Buffer.from('bytes'))
  draft.describe(entry())
  assert.deepEqual(listRescued(directory), [])
  assert.equal(await open().recover(unexpected), 1)
  assert.equal(listRescued(directory)[0]?.id, draft.id)
  await draft.publish()
  assert.equal(listRescued(directory).length, 1, 'its own process may do the same')
})

test('a description that is cut short, or whose bytes are, is not completed', async () => {
  const draft = open().begin()
  draft.write(0, Buffer.from('bytes'))
  draft.describe(entry())
  const path = join(directory, `${draft.id}.json.new`)
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.slice(0, 40))
  assert.equal(await open().recover(unexpected), 0)
  writeFileSync(path, text)
  writeFileSync(dataPath(directory, draft.id), 'byt')
  assert.equal(await open().recover(unexpected), 0)
  assert.deepEqual(listRescued(directory), [])
})

test('nor is one that the machine did not survive: its bytes may be others, of the same length', async () => {
  const draft = open().begin()
  draft.write(0, Buffer.from('bytes'))
  draft.describe(entry())
  const path = join(directory, `${draft.id}.json.new`)
  writeFileSync(path, readFileSync(path, 'utf8').replace(bootId(), 'another-boot'))
  const doubtful: string[] = []
  assert.equal(await open().recover((one) => doubtful.push(one)), 0)
  assert.deepEqual(doubtful, [path])
  assert.equal(open().has(draft.id), false)
  assert.deepEqual(listRescued(directory), [])
})

test('a mount tells where that lies, every time: nothing else speaks of it', async () => {
  const told: unknown[] = []
  const logger = {
    warn: (_message: string, fields?: object) => told.push(fields),
    error: (message: string) => assert.fail(message),
  }
  const place = { stateDir: directory, volume: 'v', owner: '1', environment: 'prod' }
  const folder = join(directory, 'rescue/v')
  const draft = new RescueFolder({ directory: folder, bytesMax: 2 ** 30 }).begin()
  draft.write(0, Buffer.from('bytes'))
  draft.describe(entry())
  const path = join(folder, `${draft.id}.json.new`)
  writeFileSync(path, readFileSync(path, 'utf8').replace(bootId(), 'another-boot'))
  for (let times = 0; times < 2; times++)
    await openRescue({ ...place, bytesMax: 2 ** 30, logger }).settled()
  const fields = { owner: '1', environment: 'prod', path }
  assert.deepEqual(told, [fields, fields])
})

test('what was given up is not kept', () => {
  const draft = open().begin()
  draft.write(0, Buffer.from('bytes'))
  draft.describe(entry())
  draft.discard()
  assert.deepEqual(readdirSync(directory), [])
})

test('a full folder refuses what is new, and keeps what is old', async () => {
  const folder = open(50_000)
  const first = await keep(folder, 'a'.repeat(30_000))
  const draft = folder.begin()
  const isFull = (error: unknown) => error instanceof FsError && error.errno === Errno.ENOSPC
  assert.throws(() => draft.write(0, Buffer.alloc(20_000, 'b')), isFull)
  draft.discard()
  assert.deepEqual(
    listRescued(directory).map(({ id }) => id),
    [first],
  )
  assert.throws(() => open(0).begin(), isFull)
  deleteRescued(directory, first)
  await keep(open(50_000), 'c'.repeat(30_000))
})

test('what another process kept counts too', async () => {
  await keep(open(), 'a'.repeat(100_000))
  assert.ok(open(200_000).room < 110_000)
  assert.ok(countRescued(directory).bytes >= 100_000)
})

test('an entry that cannot be read is told, and can be deleted; the others are listed', async () => {
  const folder = open()
  const [bad, cut, good] = [
    await keep(folder, 'x'),
    await keep(folder, 'yy'),
    await keep(folder, 'z'),
  ]
  writeFileSync(join(directory, `${bad}.json`), '{"version": 1,')
  writeFileSync(dataPath(directory, cut), 'y')
  const found = new Map(listRescued(directory).map((one) => [one.id, one]))
  assert.equal(found.size, 3)
  assert.equal(found.get(bad)?.entry, undefined)
  const problem = found.get(cut)
  assert.ok(problem && !problem.entry)
  assert.equal(problem.problem, '1 bytes are there instead of 2')
  assert.ok(found.get(good)?.entry)
  deleteRescued(directory, bad)
  assert.equal(listRescued(directory).length, 2)
})

test('descriptions of another version, or with something missing, are no entries', async () => {
  const wrong: [object | string, RegExp][] = [
    [{ ...entry(), version: 2 }, /written by a newer CassFS \(version 2\): update/],
    [{ ...entry(), version: 0 }, /version is 0/],
    [{ ...entry(), kind: 'x' }, /kind is x/],
    [{ ...entry(), owner: 3 }, /no owner/],
    [{ ...entry(), why: undefined }, /why/],
    [{ ...entry(), size: -1 }, /size is -1/],
    [{ ...entry(), missing: [{ start: 'a' }] }, /missing/],
    ['null', /no object/],
  ]
  for (const [content, pattern] of wrong) {
    const id = await keep(open(), 'bytes')
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    writeFileSync(join(directory, `${id}.json`), text)
    const [found] = listRescued(directory)
    assert.ok(found && !found.entry)
    assert.match(found.problem, pattern)
    deleteRescued(directory, id)
  }
})

test('files that are none of CassFS’ are left alone', async () => {
  const id = await keep(open(), 'bytes')
  writeFileSync(join(directory, 'notes.txt'), 'mine')
  writeFileSync(join(directory, 'other.json'), '{}')
  mkdirSync(join(directory, 'folder'))
  assert.equal(listRescued(directory).length, 1)
  assert.equal(countRescued(directory).entries, 1)
  deleteRescued(directory, id)
  deleteLeftovers(directory, 0)
  assert.deepEqual(readdirSync(directory).sort(), ['folder', 'notes.txt', 'other.json'])
})

test('no folder is an empty one; one that cannot be made is an error', () => {
  assert.deepEqual(listRescued(directory), [])
  assert.deepEqual(countRescued(directory), { entries: 0, bytes: 0 })
  writeFileSync(directory, 'a file')
  assert.throws(() => open().begin(), FsError)
  chmodSync(directory, 0o600)
})

test('an error is told with those that caused it', () => {
  const cause = new Error('no answer', { cause: new Error('ECONNREFUSED') })
  const error = new FsError(Errno.EIO, 'not saved', { cause })
  const { errno, code, message } = reasonOf(error)
  assert.deepEqual([errno, code], [Errno.EIO, 'EIO'])
  assert.match(message, /not saved: no answer: ECONNREFUSED$/)
})
