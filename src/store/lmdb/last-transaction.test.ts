import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openEnvironment } from './environment.js'
import { LastTransaction } from './last-transaction.js'

const folder = mkdtempSync(join(tmpdir(), 'cassfs-last-'))
after(() => rmSync(folder, { recursive: true }))

test('counts the transactions of an environment, and is unknown once it is closed', async () => {
  const environment = await openEnvironment(join(folder, 'store'), 5000)
  const { lastTransaction, leases } = environment
  const before = lastTransaction.number
  assert.ok(before !== undefined)
  await environment.write(() => leases.put(Buffer.from('a'), Buffer.from('1')))
  assert.equal(lastTransaction.number, before + 1)
  environment.refresh()
  assert.equal(leases.getBinary(Buffer.from('a'))?.toString(), '1')
  assert.equal(lastTransaction.number, before + 1, 'a reader is no transaction of it')
  await environment.close()
  assert.equal(lastTransaction.number, undefined)
})

test('is unknown where there is no lock file, or one of something else', () => {
  assert.equal(new LastTransaction(join(folder, 'none')).number, undefined)
  for (const bytes of [0, 10, 4096]) {
    mkdirSync(join(folder, `odd${bytes}`))
    writeFileSync(join(folder, `odd${bytes}`, 'lock.mdb'), Buffer.alloc(bytes, 7))
    const last = new LastTransaction(join(folder, `odd${bytes}`))
    assert.equal(last.number, undefined)
    last.close()
  }
})
