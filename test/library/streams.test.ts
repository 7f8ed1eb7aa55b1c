// Streams of a volume's files.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { inMemory, openers } from './volumes.js'

const pieceBytes = 100_000
const pieces = 80

function piece(index: number): Buffer {
  return Buffer.alloc(pieceBytes, index)
}

for (const [where, opener] of openers)
  test(`a stream takes as much as it says, and gives back all (${where})`, async (t) => {
    const volume = await opener(t)()
    const out = volume.createWriteStream('/f', { highWaterMark: pieceBytes })
    let waits = 0
    for (let index = 0; index < pieces; index++) {
      if (out.write(piece(index))) continue
      waits++
      assert.ok(out.writableLength <= 2 * pieceBytes)
      await once(out, 'drain')
    }
    out.end()
    await once(out, 'close')
    assert.equal(waits, pieces)
    assert.equal(out.bytesWritten, pieces * pieceBytes)
    const whole: Buffer[] = []
    for await (const part of volume.createReadStream('/f')) whole.push(part)
    const expected = Buffer.concat(Array.from({ length: pieces }, (_, index) => piece(index)))
    assert.equal(Buffer.compare(Buffer.concat(whole), expected), 0)
  })

test('a reader reads no more ahead than asked for', async (t) => {
  const volume = await inMemory(t)()
  await volume.writeFile('/f', Buffer.alloc(5_000_000, 1))
  const stream = volume.createReadStream('/f', { highWaterMark: 10_000 })
  await once(stream, 'readable')
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.ok(stream.bytesRead <= 20_000, `${stream.bytesRead} bytes were read`)
  stream.destroy()
  await once(stream, 'close')
})

test('start and end are inclusive, and encodings work', async (t) => {
  const volume = await inMemory(t)()
  await volume.writeFile('/f', 'abcdefghij')
  const read = async (options: object) => {
    let text = ''
    for await (const part of volume.createReadStream('/f', options)) text += part
    return text
  }
  assert.equal(await read({ start: 2, end: 4, encoding: 'utf8' }), 'cde')
  assert.equal(await read({ start: 8 }), 'ij')
  assert.equal(await read({ start: 20 }), '')
  await pipeline(Readable.from(['XY']), volume.createWriteStream('/f', { flags: 'r+', start: 4 }))
  assert.equal(await volume.readFile('/f', 'utf8'), 'abcdXYghij')
  const handle = await volume.open('/f', 'r+')
  await handle.read(Buffer.alloc(6))
  let rest = ''
  for await (const part of handle.createReadStream({ autoClose: false })) rest += part
  assert.equal(rest, 'ghij')
  await pipeline(Readable.from(['!']), handle.createWriteStream())
  assert.equal(await volume.readFile('/f', 'utf8'), 'abcdXYghij!')
  await assert.rejects(handle.stat(), { code: 'EBADF' })
})

test('what goes wrong is the error of the stream', async (t) => {
  const volume = await inMemory(t)()
  const failing = async (path: string) => {
    for await (const _ of volume.createReadStream(path));
  }
  await assert.rejects(failing('/absent'), { code: 'ENOENT', syscall: 'open', path: '/absent' })
  await assert.rejects(failing('/'), { code: 'EISDIR', syscall: 'read' })
  const out = volume.createWriteStream('/absent/f')
  const [error] = await once(out, 'error')
  assert.equal(error.code, 'ENOENT')
  await volume.writeFile('/f', Buffer.alloc(1_000_000))
  const stopped = new AbortController()
  const stream = volume.createReadStream('/f', { signal: stopped.signal })
  const reading = (async () => {
    for await (const _ of stream) stopped.abort()
  })()
  await assert.rejects(reading, { name: 'AbortError' })
})
