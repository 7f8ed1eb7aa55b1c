import assert from 'node:assert/strict'
import { closeSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run, waitFor } from '../../../test/support/process.js'
import { openDatagramSocket, sendDatagram } from '../../native/datagram.js'
import { newUuid } from '../../volume/uuid.js'
import type { HintListener } from '../store.js'
import { HintSocket } from './hint-socket.js'

interface Heard extends HintListener {
  readonly seqs: number[]
  readonly failures: unknown[]
}

function listener(): Heard {
  const [seqs, failures]: [number[], unknown[]] = [[], []]
  return { seqs, failures, hint: (seq) => seqs.push(seq), failed: (error) => failures.push(error) }
}

function folder(t: { after(end: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'cassfs-hints-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}

test('what one tells of a volume the others hear, and nobody else does', async (t) => {
  // Longer than the name of a socket may be.
  const directory = join(folder(t), 'd'.repeat(120))
  mkdirSync(directory)
  const [volume, elsewhere] = [newUuid(), newUuid()]
  const sockets = [1, 2, 3].map(() => new HintSocket(directory))
  const heard = sockets.map(() => listener())
  const hints = sockets.map((socket, index) => socket.join(volume, heard[index] as Heard))
  const other = listener()
  sockets[1]?.join(elsewhere, other)
  hints[0]?.tell(2 ** 40)
  await waitFor('both to hear it', () => heard.slice(1).every(({ seqs }) => seqs.length > 0))
  assert.deepEqual(
    heard.map(({ seqs }) => seqs),
    [[], [2 ** 40], [2 ** 40]],
  )
  hints[2]?.close()
  hints[0]?.tell(5)
  hints[0]?.tell(6)
  await waitFor('one to hear it', () => heard[1]?.seqs.length === 3)
  assert.deepEqual(heard[2]?.seqs, [2 ** 40])
  assert.deepEqual(other.seqs, [])
  for (const socket of sockets) socket.close()
  hints[1]?.tell(7)
  assert.deepEqual(readdirSync(join(directory, 'hints')), [])
  assert.deepEqual(
    heard.flatMap(({ failures }) => failures),
    [],
  )
})

test('what a killed process left is removed, and what is no hint is passed over', async (t) => {
  const directory = folder(t)
  const socket = new HintSocket(directory)
  const heard = listener()
  const volume = newUuid()
  const hints = socket.join(volume, heard)
  const names = join(directory, 'hints')
  const [name] = readdirSync(names)
  const left = join(names, '1-left.sock')
  const stranger = openDatagramSocket(left)
  for (const bytes of [0, 1, 24, 25, 26, 1000])
    assert.equal(sendDatagram(stranger, join(names, name ?? ''), Buffer.alloc(bytes, 1)), 'sent')
  closeSync(stranger)
  assert.equal(readdirSync(names).length, 2)
  hints.tell(1)
  assert.deepEqual(readdirSync(names), [name])
  const second = new HintSocket(directory)
  second.join(volume, listener()).tell(3)
  await waitFor('the hint behind all that', () => heard.seqs.length > 0)
  assert.deepEqual(heard.seqs, [3])
  assert.deepEqual(heard.failures, [])
  second.close()
  socket.close()
})

test('a process that forgets to close it can end all the same', async (t) => {
  const directory = folder(t)
  const module = JSON.stringify(new URL('./hint-socket.js', import.meta.url).href)
  const program = `const { HintSocket } = await import(${module})
    new HintSocket(${JSON.stringify(directory)})`
  await run(process.execPath, ['--input-type=module', '-e', program])
  assert.equal(readdirSync(join(directory, 'hints')).length, 1)
})

test('more than a socket holds is lost, and who is told too much goes on', async (t) => {
  const directory = folder(t)
  const [here, there] = [new HintSocket(directory), new HintSocket(directory)]
  const [ours, theirs] = [listener(), listener()]
  const volume = newUuid()
  const hints = here.join(volume, ours)
  there.join(volume, theirs)
  for (let seq = 1; seq <= 5000; seq++) hints.tell(seq)
  await waitFor('the first to be heard', () => theirs.seqs.length > 0)
  const before = theirs.seqs.length
  assert.ok(before < 5000)
  hints.tell(9000)
  await waitFor('one more to be heard', () => theirs.seqs.includes(9000))
  assert.deepEqual(ours.failures, [])
  here.close()
  there.close()
})
