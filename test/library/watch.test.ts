// Changes of a volume as they are told to who watches it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Volume } from '../../src/library/volume.js'
import type { WatchEvent } from '../../src/library/watch.js'
import { createUnreliableStore } from '../vfs/unreliable-store.js'
import { inMemory, type Opener, openers } from './volumes.js'

const patienceMs = 10_000

type Watched = AsyncIterableIterator<WatchEvent>

/** Events as `rename a/b`, until all of these have come; answers every one. */
async function until(events: Watched, ...wanted: string[]): Promise<string[]> {
  const seen: string[] = []
  const missing = new Set(wanted)
  const late = sleep(patienceMs, 'late' as const, { ref: false })
  while (missing.size > 0) {
    const next = await Promise.race([events.next(), late])
    assert.ok(next !== 'late' && !next.done, `seen ${seen}, missing ${[...missing]}`)
    const text = `${next.value.eventType} ${next.value.filename}`
    seen.push(text)
    missing.delete(text)
  }
  return seen
}

const remote: readonly [string, (t: Parameters<(typeof openers)[number][1]>[0]) => Opener] = [
  'behind a line, as Cassandra is',
  (t) =>
    inMemory(t, (store) => createUnreliableStore(store, { seed: 1, delayMsMax: 2, remote: true })),
]

/** Another volume's change may come a moment later. */
async function followed(call: () => Promise<unknown>): Promise<void> {
  const startMs = performance.now()
  for (;;) {
    const error = await call().then(
      () => undefined,
      (thrown: unknown) => ({ thrown }),
    )
    if (!error) return
    if (performance.now() - startMs > patienceMs) throw error.thrown
    await sleep(20)
  }
}

async function twoVolumes(opener: Opener): Promise<[Volume, Volume]> {
  return [await opener({ entryTtlMs: 100 }), await opener({ entryTtlMs: 100 })]
}

for (const [where, opener] of [...openers, remote])
  test(`changes of another volume and own ones are told (${where})`, async (t) => {
    const [mine, other] = await twoVolumes(opener(t))
    await mine.mkdir('/d/e', { recursive: true })
    await mine.writeFile('/d/old', 'old')
    await followed(() => other.readFile('/d/old'))
    const events = mine.watch('/d', { recursive: true })
    await other.writeFile('/d/e/new', 'new')
    await until(events, 'rename e/new')
    await other.writeFile('/d/old', 'longer')
    await until(events, 'change old')
    await other.rename('/d/old', '/d/e/moved')
    await until(events, 'rename old', 'rename e/moved')
    await followed(() => mine.chmod('/d/e/moved', 0o600))
    await until(events, 'change e/moved')
    await other.rm('/d/e', { recursive: true })
    await until(events, 'rename e')
    await mine.symlink('x', '/d/link')
    await until(events, 'rename link')
    await other.mkdir('/elsewhere')
    await other.rename('/d', '/away')
    assert.deepEqual(await until(events, 'rename d'), ['rename d'])
    await events.return?.()
    assert.equal((await events.next()).done, true)
  })

test('a save by a volume in another process is a change, not a rename', async (t) => {
  const [, onDisk] = openers[1] as (typeof openers)[number]
  const opener = onDisk(t)
  const writer = await opener()
  await writer.writeFile('/f', 'one')
  const watcher = await opener()
  const events = watcher.watch('/')
  await writer.writeFile('/f', 'three')
  assert.deepEqual(await until(events, 'change f'), ['change f'])
})

test('without recursive only what is in the directory is told; a file is watched by its path', async (t) => {
  const [mine, other] = await twoVolumes(inMemory(t))
  await mine.mkdir('/d/e', { recursive: true })
  await mine.writeFile('/d/f', '1')
  const directory = mine.watch('/d')
  const file = mine.watch('/d/f', { encoding: 'utf8' })
  await other.writeFile('/d/e/hidden', '')
  await other.writeFile('/d/tmp', '2')
  await other.rename('/d/tmp', '/d/f')
  const seen = await until(directory, 'rename tmp', 'rename f')
  await other.writeFile('/d/f', '4444')
  seen.push(...(await until(directory, 'change f')))
  assert.ok(!seen.some((each) => each.includes('hidden')), String(seen))
  await until(file, 'rename f', 'change f')
})

test('names of any bytes are told as bytes', async (t) => {
  const [mine, other] = await twoVolumes(inMemory(t))
  const events = mine.watch('/', 'buffer')
  await other.writeFile(Buffer.from('/\xff\n', 'latin1'), '')
  const { value } = await events.next()
  assert.deepEqual(value, { eventType: 'rename', filename: Buffer.from('\xff\n', 'latin1') })
})

test('who does not listen in time is told that something was dropped, once', async (t) => {
  const [mine, other] = await twoVolumes(inMemory(t))
  const events = mine.watch('/', { maxQueue: 3 })
  for (let index = 0; index < 10; index++) await other.writeFile(`/f${index}`, '')
  await mine.readdir('/')
  const seen = await until(events, 'overflow null')
  assert.equal(seen.length, 4)
  await other.writeFile('/later', '')
  assert.deepEqual(await until(events, 'rename later'), ['rename later'])
})

test('a signal, the end of the volume, and what cannot be watched end it', async (t) => {
  const volume = await inMemory(t)()
  const controller = new AbortController()
  const aborted = volume.watch('/', { signal: controller.signal })
  const waiting = aborted.next()
  controller.abort()
  await assert.rejects(waiting, { name: 'AbortError', code: 'ABORT_ERR' })
  assert.equal((await aborted.next()).done, true)
  const absent = volume.watch('/absent')
  await assert.rejects(absent.next(), { code: 'ENOENT', syscall: 'watch', path: '/absent' })
  assert.equal((await absent.next()).done, true)
  const ended = volume.watch('/')
  const next = ended.next()
  await volume.close()
  assert.equal((await next).done, true)
})
