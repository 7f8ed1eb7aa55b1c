/** Mounts that do without the write lease, beside those that have it. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type LeaseMount, openLeaseMounts } from '../lease/lease-mounts.js'
import { targetMissing } from '../support/target.js'

const skip = (await targetMissing('cassfs')) ?? false
const isHeld = async (one: LeaseMount) => (await one.status()).writeLease?.state === 'held'

test('a mount with write_lease=off carries the journal of a killed one on', {
  skip,
}, async (t) => {
  const mounts = openLeaseMounts()
  t.after(() => mounts.close())
  const one = await mounts.mount('mnt')
  for (let at = 0; !(await isHeld(one)); at++) writeFileSync(join(one.dir, `before${at}`), '')
  for (let at = 0; at < 30; at++) writeFileSync(join(one.dir, `f${at}`), `file ${at}`)
  await one.kill()
  const next = await mounts.mount('mnt', ['-write_lease=off'])
  assert.match(next.log(), /carried on.*changes=[1-9]/)
  for (let at = 0; at < 30; at++)
    assert.equal(readFileSync(join(next.dir, `f${at}`), 'utf8'), `file ${at}`)
})

test('a mount with entry_ttl=0 never has the lease', { skip }, async (t) => {
  const mounts = openLeaseMounts()
  t.after(() => mounts.close())
  const one = await mounts.mount('mnt', ['-entry_ttl=0'])
  for (let at = 0; at < 200; at++) writeFileSync(join(one.dir, `f${at}`), '')
  assert.equal(await isHeld(one), false)
  assert.doesNotMatch(one.log(), /write lease granted/)
})
