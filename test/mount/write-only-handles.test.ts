// Handles that only write pass the kernel's page cache by: how many requests that takes, and that whoever reads
// through the page cache, or has the file mapped, sees what they write.

import assert from 'node:assert/strict'
import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { keepsPagesTrue } from '../../src/mount/direct-writes.js'
import { openSandbox, type Sandbox } from '../cli/cassfs.js'
import { cleanUp, type ForegroundMount, makeFolder, startMount } from '../cli/mounts.js'
import { mapFile } from '../support/memory-map.js'
import { targetMissing } from '../support/target.js'

const tooOld = keepsPagesTrue(release()) ? undefined : `SKIPPED: Linux ${release()} is too old`
const skip = (await targetMissing('cassfs')) ?? tooOld ?? false

describe('a handle that only writes', { skip }, () => {
  let sandbox: Sandbox
  let folder = ''
  const mounts: ForegroundMount[] = []

  before(async () => {
    sandbox = openSandbox()
    folder = makeFolder(sandbox, 'site')
    mounts.push(await startMount(sandbox, [folder]))
  })
  after(async () => {
    await cleanUp(mounts, sandbox.folder)
    sandbox.close()
  })

  const counts = async () => {
    const { stdout } = await sandbox.run(['status', '--json', folder])
    return JSON.parse(stdout)[0].status.counts
  }
  const requests = async (): Promise<Record<string, number>> => (await counts()).operations

  test('sends one request for each write(2), wherever it begins', async () => {
    const before = await requests()
    const writer = openSync(join(folder, 'unaligned'), 'wx')
    const bytes = Buffer.alloc(10_000)
    for (let at = 0; at < 7; at++) writeSync(writer, bytes.fill(65 + at))
    closeSync(writer)
    const now = await requests()
    assert.equal((now.write ?? 0) - (before.write ?? 0), 7)
    assert.equal(now.getxattr ?? 0, before.getxattr ?? 0, 'asked for capabilities')
    const read = readFileSync(join(folder, 'unaligned'))
    assert.equal(read.length, 70_000)
    for (let at = 0; at < 7; at++)
      assert.ok(read.subarray(at * 10_000, (at + 1) * 10_000).every((byte) => byte === 65 + at))
  })

  test('is seen by who has read the file before, and by who has it mapped', () => {
    const path = join(folder, 'seen')
    writeFileSync(path, 'a'.repeat(20_000))
    const reader = openSync(path, 'r')
    const map = mapFile(reader, 20_000)
    try {
      const shown = new Uint8Array(map.bytes)
      const bytes = Buffer.alloc(20_000)
      assert.equal(readSync(reader, bytes, 0, 20_000, 0), 20_000)
      assert.ok(shown.every((byte) => byte === 97))
      const writer = openSync(path, 1)
      writeSync(writer, 'b'.repeat(5000), 3000)
      readSync(reader, bytes, 0, 20_000, 0)
      const expected = `${'a'.repeat(3000)}${'b'.repeat(5000)}${'a'.repeat(12_000)}`
      assert.equal(bytes.toString(), expected)
      assert.equal(Buffer.from(shown).toString(), expected)
      closeSync(writer)
      assert.equal(readFileSync(path, 'utf8'), expected)
    } finally {
      map.close()
      closeSync(reader)
    }
  })

  test('with O_SYNC or O_DSYNC has each write in the store before it returns', async () => {
    const commits = async (): Promise<number> => (await counts()).replica.commits
    const { O_WRONLY, O_RDWR, O_CREAT, O_SYNC, O_DSYNC } = constants
    for (const flags of [O_WRONLY | O_SYNC, O_WRONLY | O_DSYNC, O_RDWR | O_SYNC]) {
      const writer = openSync(join(folder, `sync${flags}`), O_CREAT | flags)
      fsyncSync(writer)
      for (const text of ['first', 'second']) {
        const before = await commits()
        writeSync(writer, text)
        assert.ok((await commits()) > before, `flags ${flags.toString(8)}`)
      }
      closeSync(writer)
    }
  })

  test('appends at the end, beside others that do', () => {
    const path = join(folder, 'log')
    const writers = [openSync(path, 'a'), openSync(path, 'a')]
    for (let line = 0; line < 50; line++)
      writeSync(writers[line % 2] as number, `line ${String(line).padStart(3)} `.repeat(30))
    for (const writer of writers) closeSync(writer)
    const expected = Array.from({ length: 50 }, (_, line) =>
      `line ${String(line).padStart(3)} `.repeat(30),
    )
    assert.equal(readFileSync(path, 'utf8'), expected.join(''))
  })
})
