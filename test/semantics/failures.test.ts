/** "When things fail" of docs/SEMANTICS.md, as far as no other test has it. */
import assert from 'node:assert/strict'
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openLeaseMounts } from '../lease/lease-mounts.js'
import { startServer, waitFor } from '../support/process.js'
import { targetMissing } from '../support/target.js'

const skip = (await targetMissing('cassfs')) ?? false
const program = fileURLToPath(new URL('./interrupted.js', import.meta.url))
const changes = 200

test('what nobody had acknowledged is gone with a killed mount, and not in rescue', {
  skip,
}, async (t) => {
  const mounts = openLeaseMounts()
  t.after(() => mounts.close())
  const one = await mounts.mount('mnt')
  const fd = openSync(join(one.dir, 'f'), 'w')
  writeSync(fd, 'acknowledged')
  fsyncSync(fd)
  writeSync(fd, ' and not')
  await one.kill()
  assert.throws(() => closeSync(fd), /ENOTCONN|EIO|ECONNABORTED/)
  const next = await mounts.mount('mnt')
  assert.equal(readFileSync(join(next.dir, 'f'), 'utf8'), 'acknowledged')
  assert.deepEqual(await mounts.rescued(), [])
})

test('a change that waits for its commit is never answered EINTR', { skip }, async (t) => {
  const mounts = openLeaseMounts(['-write_lease=off'])
  t.after(() => mounts.close())
  const one = await mounts.mount('mnt')
  const server = await startServer(process.execPath, [program, one.dir, String(changes)])
  await waitFor('it to begin', () => server.output().includes('ready'))
  while (server.running()) {
    server.kill('SIGUSR2')
    await sleep(0)
  }
  const { signals, errors } = JSON.parse(server.output().replace('ready\n', ''))
  t.diagnostic(`${signals} signals`)
  assert.ok(signals > changes / 4, `${signals} signals`)
  assert.deepEqual(errors, [])
  assert.equal(readdirSync(one.dir).length, changes)
  assert.match(one.log(), /INTERRUPT/, 'the kernel passes them on')
})
