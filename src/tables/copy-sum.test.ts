import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { tryLock } from '../native/flock.js'
import { VolumeState } from '../volume/head.js'
import { newUuid } from '../volume/uuid.js'
import { bootId } from './boot-id.js'
import type { Copies } from './copies.js'
import { type CopyFolderOptions, openCopyFolder } from './copy-folder.js'

const volume = newUuid()
const head = {
  seq: 7,
  request: newUuid(),
  state: VolumeState.live,
  usedBytes: 0,
  usedInodes: 1,
  quotaBytes: 0,
  quotaInodes: 0,
}
let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cft-sums-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const lock = (fd: number) => tryLock(fd, 'exclusive')

function open(options: Partial<CopyFolderOptions> = {}): Copies {
  const warn = (message: string) => assert.fail(message)
  return openCopyFolder({ directory, volume, tryLock: lock, warn, ...options })
}

/** A copy with a head, closed; answers what is known of it. */
async function leave(options: Partial<CopyFolderOptions> = {}) {
  const copies = open(options)
  const tables = copies.create()
  tables.apply([], [], head)
  copies.keep(tables)
  await copies.close()
  return JSON.parse(readFileSync(join(directory, '0', 'state.json'), 'utf8'))
}

test('a copy of an earlier version, which wrote no sum, is old and not damaged', async () => {
  const { sum, ...state } = await leave()
  assert.equal(typeof sum, 'number')
  writeFileSync(join(directory, '0', 'state.json'), JSON.stringify(state))
  const copies = open()
  assert.equal(copies.kept(), undefined)
  await copies.close()
})

test('a copy that is too large for a sum is believed in this boot only', async () => {
  const { sum, boot } = await leave({ summedBytesMax: 1000 })
  assert.deepEqual([sum, boot], [undefined, bootId()])
  const copies = open()
  assert.equal(copies.kept()?.head()?.seq, head.seq)
  await copies.close()
})
