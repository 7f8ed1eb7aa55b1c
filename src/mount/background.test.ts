import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { BackgroundFailure, startInBackground } from './background.js'

const library = JSON.stringify(import.meta.resolve('./background.js'))

/** A background process that does `body`; `order` is what it was told. */
function scene(context: { after(fn: () => void): void }, body: string) {
  const folder = mkdtempSync(path.join(tmpdir(), 'cassfs-background-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const script = path.join(folder, 'child.mjs')
  writeFileSync(
    script,
    `import { receiveOrder, reportFailure, reportReady } from ${library}
     const order = await receiveOrder()
     ${body}`,
  )
  return { script, args: ['/srv/site'], logFile: path.join(folder, 'log/a.log') }
}

test('the command gets the pid when the process is ready, and the process lives on', async (context) => {
  const body = `
    console.log('order', JSON.stringify(order))
    await reportReady()
    setTimeout(() => process.exit(), 20_000)`
  const start = scene(context, body)
  const pid = await startInBackground({ ...start, order: { password: 'secret', n: 1 } })
  context.after(() => process.kill(pid, 'SIGKILL'))
  process.kill(pid, 0)
  const session = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3]
  assert.equal(Number(session), pid, 'it leads a session of its own')
  assert.equal(readFileSync(start.logFile, 'utf8'), 'order {"password":"secret","n":1}\n')
  assert.equal(statSync(start.logFile).mode & 0o777, 0o600)
  assert.doesNotMatch(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /secret/)
  assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'utf8'), /secret/)
})

async function failureOf(starting: Promise<number>): Promise<BackgroundFailure> {
  const error = await starting.then(
    () => assert.fail('started'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof BackgroundFailure, String(error))
  return error
}

test('a failure comes back with its message and exit status', async (context) => {
  const start = scene(context, `await reportFailure('no such environment', 2); process.exit(2)`)
  const failure = await failureOf(startInBackground({ ...start, order: 0 }))
  assert.equal(failure.message, 'no such environment')
  assert.equal(failure.exitStatus, 2)
})

test('of a process that dies without a report the end of its output comes back', async (context) => {
  const start = scene(context, `console.error('the last words'); process.exit(7)`)
  const failure = await failureOf(startInBackground({ ...start, order: 0 }))
  assert.equal(failure.message, 'the last words')
  assert.equal(failure.exitStatus, 7)
  const silent = scene(context, `process.kill(process.pid, 'SIGKILL')`)
  const killed = await failureOf(startInBackground({ ...silent, order: 0 }))
  assert.equal(killed.message, 'it ended without a word')
  assert.equal(killed.exitStatus, 1)
})

test('a signal to the waiting command goes to the process', async (context) => {
  const body = `
    process.on('SIGTERM', async () => { await reportFailure('stopped', 1); process.exit(1) })
    setInterval(() => undefined, 1000)
    console.log('waiting')`
  const start = scene(context, body)
  const starting = failureOf(startInBackground({ ...start, order: 0 }))
  const waiting = setInterval(() => {
    if (readFileSync(start.logFile, 'utf8').includes('waiting')) {
      clearInterval(waiting)
      process.kill(process.pid, 'SIGTERM')
    }
  }, 20)
  assert.equal((await starting).message, 'stopped')
})
