import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { Errno } from '../posix/errno.js'
import { Notifier } from './notify.js'
import { invalInode } from './notify-frames.js'

const folder = mkdtempSync(join(tmpdir(), 'cassfs-notify-'))
/** A notifier keeps no process alive. */
const alive = setInterval(() => {}, 1000)
after(() => {
  clearInterval(alive)
  rmSync(folder, { recursive: true })
})

const onError = (error: Error) => assert.fail(error)

test('as many notifications as one likes may be given at once, and all are answered', async () => {
  const fd = openSync('/dev/null', 'w')
  const notifier = new Notifier({ fd, negotiated: () => undefined, onError })
  const answers = Array.from({ length: 300_000 }, (_, at) => notifier.invalInode(at))
  assert.ok((await Promise.all(answers)).every((errno) => errno === 0))
  assert.equal(await notifier.close(1000), true)
  closeSync(fd)
})

test('what was given just before the end is written, and nothing after it', async () => {
  const path = join(folder, 'end')
  const fd = openSync(path, 'w')
  const notifier = new Notifier({ fd, negotiated: () => undefined, onError })
  const last = notifier.invalInode(1)
  const closed = notifier.close(5000)
  assert.equal(await notifier.invalInode(2), Errno.ENODEV)
  assert.deepEqual([await last, await closed], [0, true])
  closeSync(fd)
  assert.deepEqual(readFileSync(path), invalInode(1, 0, 0))
})

/** Runs with few descriptors: all are taken, then one node is told of, then `then`. Prints JSON. */
function withoutDescriptors(path: string, then: string): Promise<unknown> {
  const script = `
    const [url, path] = process.argv.slice(2)
    const { Notifier } = await import(url)
    const { openSync, closeSync } = await import('node:fs')
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    const alive = setInterval(() => {}, 1000)
    const fd = openSync(path, 'w')
    const taken = []
    try { for (;;) taken.push(openSync('/dev/null')) } catch {}
    const giveBack = () => { for (const one of taken.splice(0)) closeSync(one) }
    const errors = []
    const notifier = new Notifier({
      fd, negotiated: () => undefined, patienceMs: 300, onError: ({ code }) => errors.push(code),
    })
    const answer = notifier.invalInode(7)
    ${then}
    clearInterval(alive)`
  const url = new URL('./notify.js', import.meta.url).href
  const file = `${path}.mjs`
  writeFileSync(file, script)
  const node = [process.execPath, file, url, path]
  return promisify(execFile)('sh', ['-c', 'ulimit -n 200; exec "$@"', 'sh', ...node], {
    timeout: 20_000,
  }).then(({ stdout }) => JSON.parse(stdout))
}

test('where no thread can be started callers get an end, and the kernel is told when one can', async () => {
  const path = join(folder, 'later')
  const then = `
    const first = await answer
    const second = await notifier.invalInode(8)
    giveBack()
    while (notifier.pending > 0) await sleep(10)
    const { sent } = notifier.counts
    console.log(JSON.stringify({ first, second, sent, errors, closed: await notifier.close(1000) }))`
  const seen = await withoutDescriptors(path, then)
  const errors = ['ERR_WORKER_INIT_FAILED']
  const { EIO } = Errno
  assert.deepEqual(seen, { first: EIO, second: EIO, sent: 2, errors, closed: true })
  assert.deepEqual(readFileSync(path), Buffer.concat([invalInode(7, 0, 0), invalInode(8, 0, 0)]))
})

test('with its end no try is left to start one: the descriptor may be another file by then', async () => {
  const path = join(folder, 'closed')
  const then = `
    while (errors.length === 0) await sleep(5)
    const closed = await notifier.close(1000)
    giveBack()
    const errno = await Promise.race([answer, sleep(1200)])
    await sleep(800)
    console.log(JSON.stringify({ closed, errno, pending: notifier.pending }))`
  const seen = await withoutDescriptors(path, then)
  assert.deepEqual(seen, { closed: true, errno: Errno.ENODEV, pending: 0 })
  assert.equal(readFileSync(path).length, 0)
})
