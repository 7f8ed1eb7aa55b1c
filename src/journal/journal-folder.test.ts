import assert from 'node:assert/strict'
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { tryLock } from '../native/flock.js'
import { newUuid } from '../volume/uuid.js'
import type { JournalRecord, NewRecord } from './journal.js'
import { openJournalFolder } from './journal-folder.js'
import { decodeJournalRecord, encodeJournalRecord } from './journal-record-codec.js'

const volume = newUuid()
/** As it is read; `fresh` makes it one to be written. */
const record = (number: number, text = `change ${number}`): JournalRecord => ({
  number,
  grantSeq: 7,
  seen: {
    names: [{ parent: 1, name: 'n\xe9', ino: 0 }],
    inodes: [{ ino: 12, ctime: { sec: -5, nsec: 999_999_999 } }],
  },
  intent: Buffer.from(text),
  content: Buffer.alloc(0),
  answers: number % 2 === 0 ? { mount: volume, unique: number } : undefined,
})

const fresh = (one: JournalRecord): NewRecord => ({ ...one, content: [one.content] })

function folder(t: { after(end: () => void): void }, of = volume) {
  const directory = mkdtempSync(join(tmpdir(), 'cft-journal-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const warnings: string[] = []
  const journals = openJournalFolder({
    directory,
    volume: of,
    tryLock: (fd) => tryLock(fd, 'exclusive'),
    warn: (message) => warnings.push(message),
  })
  return { directory, journals, warnings }
}

/** The journal of a process that was killed behind its third record. */
function dead(t: { after(end: () => void): void }) {
  const { directory, journals, warnings } = folder(t)
  const journal = journals.create()
  const ends = [journal.bytes]
  for (const number of [1, 2, 3]) {
    journal.append(fresh(record(number)))
    ends.push(journal.bytes)
  }
  const path = join(directory, journal.id)
  const bytes = readFileSync(path)
  journal.close(true)
  writeFileSync(path, bytes)
  return { directory, journals, warnings, path, id: journal.id, bytes, ends }
}

test('a living process keeps its journal to itself; a dead one leaves it to one other', (t) => {
  const { journals, path } = dead(t)
  const alive = journals.create()
  alive.append(fresh(record(9)))
  const taken = journals.takeDead()
  assert.deepEqual(
    taken.map(({ records, damage }) => [records, damage]),
    [[[record(1), record(2), record(3)], undefined]],
  )
  assert.deepEqual(journals.takeDead(), [])
  taken[0]?.release()
  const [again] = journals.takeDead()
  again?.remove(false)
  assert.throws(() => readFileSync(path), { code: 'ENOENT' })
  assert.deepEqual(journals.takeDead(), [])
  alive.close(true)
})

test('a journal that is cleared keeps nothing, one that is closed empty leaves no file', (t) => {
  const { directory, journals } = folder(t)
  const journal = journals.create()
  const empty = journal.bytes
  journal.append(fresh(record(1)))
  assert.ok(journal.bytes > empty)
  journal.clear(true)
  assert.equal(journal.bytes, empty)
  journal.append(fresh(record(2)))
  journal.close(false)
  const [left] = journals.takeDead()
  assert.deepEqual(left?.records, [record(2)])
  left?.remove(false)
  assert.deepEqual(readdirSync(directory), [])
})

test('cut short anywhere, what comes before is read, and the file is kept aside', (t) => {
  const { journals, path, bytes, ends, directory } = dead(t)
  for (let length = ends[0] ?? 0; length <= bytes.length; length += 7) {
    writeFileSync(path, bytes.subarray(0, length))
    const [one] = journals.takeDead()
    const whole = ends.slice(1).filter((end) => end <= length).length
    assert.deepEqual(
      one?.records,
      [1, 2, 3].slice(0, whole).map((number) => record(number)),
    )
    assert.equal(one.damage === undefined, ends.includes(length), `at ${length}: ${one.damage}`)
    one.remove(false)
  }
  assert.deepEqual(readdirSync(directory), [`${path.split('/').pop()}.damaged`])
})

test('what was cleared is not read behind later records, also where a power cut has lost their end', (t) => {
  const { directory, journals } = folder(t)
  const journal = journals.create()
  journal.append(fresh(record(1)))
  const end = journal.bytes
  journal.append(fresh(record(2)))
  const path = join(directory, journal.id)
  const before = readFileSync(path)
  journal.clear(false)
  journal.append(fresh(record(3)))
  assert.equal(journal.bytes, end)
  journal.close(false)
  const after = readFileSync(path)
  assert.equal(after.length, before.length, 'the same room is used again')
  for (const bytes of [after, Buffer.concat([after.subarray(0, end), before.subarray(end)])]) {
    writeFileSync(path, bytes)
    const [left] = journals.takeDead()
    assert.deepEqual(left?.records, [record(3)])
    // What stands behind a lost end cannot be told from a record that was torn.
    assert.equal(left?.damage === undefined, bytes === after)
    left?.release()
  }
})

test('what a program wrote is no record, though the end before it is lost and its frame is right', (t) => {
  const { directory, journals } = folder(t)
  const [journal, other] = [journals.create(), journals.create()]
  journal.append(fresh(record(1)))
  other.append(fresh(record(2)))
  const [path, otherPath] = [journal.id, other.id].map((id) => join(directory, id))
  const forged = readFileSync(otherPath as string).subarray(60)
  const bytes = readFileSync(path as string)
  journal.close(false)
  other.close(true)
  for (const crc of [forged.readUInt32LE(0), crc32(forged.subarray(4, -12))]) {
    forged.writeUInt32LE(crc, 0)
    writeFileSync(path as string, Buffer.concat([bytes.subarray(0, -12), forged]))
    const [left] = journals.takeDead()
    assert.deepEqual(left?.records, [record(1)])
    assert.match(left?.damage ?? '', /a record is damaged/)
    left?.release()
  }
})

test('a flipped bit ends what can be read, and nothing behind it is believed', (t) => {
  const { journals, path, bytes, id, ends } = dead(t)
  const last = ends.at(-1) ?? 0
  for (let at = 60; at < last; at += 5) {
    const flipped = Buffer.from(bytes)
    flipped[at] = (flipped[at] as number) ^ 4
    writeFileSync(path, flipped)
    const [one] = journals.takeDead()
    assert.equal(one?.id, id)
    assert.ok((one?.records.length ?? 3) < 3 && one?.damage)
    one?.remove(false)
  }
})

test('content stands behind its record, and is for its reader to check', (t) => {
  const { directory, journals } = folder(t)
  const journal = journals.create()
  const parts = ['one', '', 'and another'].map((text) => Buffer.from(text))
  journal.append({ ...record(1), content: parts })
  journal.append(fresh(record(2)))
  const path = join(directory, journal.id)
  const bytes = readFileSync(path)
  journal.close(false)
  const at = bytes.indexOf('another')
  for (const letter of ['a', 'b']) {
    bytes.write(letter, at, 'latin1')
    writeFileSync(path, bytes)
    const [left] = journals.takeDead()
    const content = Buffer.from(`oneand ${letter}nother`)
    assert.deepEqual(left?.records, [{ ...record(1), content }, record(2)])
    left?.release()
  }
})

test('what is no journal of this volume is kept aside, what never began goes', (t) => {
  const { journals, path, bytes, directory, warnings } = dead(t)
  const other = openJournalFolder({
    directory,
    volume: newUuid(),
    tryLock: (fd) => tryLock(fd, 'exclusive'),
    warn: (message) => warnings.push(message),
  })
  assert.deepEqual(other.takeDead(), [])
  assert.deepEqual(readFileSync(`${path}.damaged`), bytes)
  assert.equal(warnings.length, 1)
  closeSync(openSync(join(directory, newUuid()), 'w'))
  appendFileSync(join(directory, 'notes'), 'mine')
  assert.deepEqual(journals.takeDead(), [])
  assert.deepEqual(readdirSync(directory).sort(), [`${path.split('/').pop()}.damaged`, 'notes'])
})

test('what cannot be written is not in the journal, and says so', (t) => {
  const { journals } = folder(t)
  const journal = journals.create()
  journal.append(fresh(record(1)))
  const bytes = journal.bytes
  assert.throws(() => journal.append(fresh({ ...record(2), number: -1 })), { name: 'FormatError' })
  assert.equal(journal.bytes, bytes)
  journal.append(fresh(record(3)))
  journal.close(false)
  assert.deepEqual(
    journals.takeDead().map(({ records }) => records.map(({ number }) => number)),
    [[1, 3]],
  )
})

test('any record is read back as it was written', () => {
  const nat = fc.maxSafeNat()
  const names = fc.uint8Array({ maxLength: 255 }).map((a) => Buffer.from(a).toString('latin1'))
  const plain = { noNullPrototype: true } as const
  const times = fc.record({ sec: fc.maxSafeInteger().map((n) => n % 2 ** 40), nsec: nat }, plain)
  const records = fc.record(
    {
      number: nat,
      grantSeq: nat,
      seen: fc.record(
        {
          names: fc.array(fc.record({ parent: nat, name: names, ino: nat }, plain)),
          inodes: fc.array(fc.record({ ino: nat, ctime: times }, plain)),
        },
        plain,
      ),
      intent: fc.uint8Array().map((array) => Buffer.from(array)),
      content: fc.constant(Buffer.from('content')),
      answers: fc.option(fc.record({ mount: fc.uuid(), unique: nat }, plain), { nil: undefined }),
    },
    plain,
  )
  fc.assert(
    fc.property(records, (any) => {
      const bytes = Buffer.from(encodeJournalRecord(fresh(any)))
      assert.deepEqual(decodeJournalRecord(bytes, any.content), any)
    }),
  )
})

test('a journal of a newer version is left as it is, and told; one of an older is kept aside', (t) => {
  const { directory, journals, warnings } = dead(t)
  const [name = ''] = readdirSync(directory)
  const path = join(directory, name)
  const bytes = readFileSync(path)
  bytes.write('cassfsj3')
  writeFileSync(path, bytes)
  for (let round = 1; round <= 2; round++) {
    assert.deepEqual(journals.takeDead(), [])
    assert.deepEqual(readdirSync(directory), [name])
    assert.ok(readFileSync(path).equals(bytes))
    assert.match(
      warnings.at(-1) ?? '',
      /in the way of a journal that waits for .*: mount with that/,
    )
  }
  bytes.write('cassfsj1')
  writeFileSync(path, bytes)
  assert.deepEqual(journals.takeDead(), [])
  assert.deepEqual(readdirSync(directory), [`${name}.damaged`])
})
