import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, describeError, type LoggerOptions } from './logger.js'

async function logged(
  options: LoggerOptions,
  say: (log: Awaited<ReturnType<typeof createLogger>>) => void,
) {
  const lines: string[] = []
  say(await createLogger(options, { write: (line) => lines.push(line), close: () => undefined }))
  return lines
}

test('a pretty line has time, level, message and fields', async () => {
  const [line] = await logged({ level: 'info', format: 'pretty' }, (log) => {
    log.info('mounted', { mountpoint: '/a b', owner: '1', count: 3, list: [1], none: '' })
  })
  assert.match(
    line ?? '',
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} info {2}mounted mountpoint="\/a b" owner=1 count=3 list=\[1\] none=""\n$/,
  )
})

test('nothing in a message or field breaks the line or reaches the terminal raw', async () => {
  const [line] = await logged({ level: 'info', format: 'pretty' }, (log) => {
    log.warn('a\nb\u001b[2J', { name: 'x\u009b1m\r\ny' })
  })
  assert.ok(line?.endsWith('a\\nb\\x1b[2J name="x\\x9b1m\\r\\ny"\n'), line)
})

test('json is one object a line', async () => {
  const [line] = await logged({ level: 'info', format: 'json' }, (log) => log.error('no', { a: 1 }))
  const { time, ...record } = JSON.parse(line ?? '')
  assert.deepEqual(record, { level: 'error', pid: process.pid, a: 1, msg: 'no' })
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000)
})

test('what is below the level is dropped', async () => {
  const lines = await logged({ level: 'warn', format: 'pretty' }, (log) => {
    assert.equal(log.isDebug, false)
    log.debug('1')
    log.info('2')
    log.warn('3')
    log.error('4')
  })
  assert.deepEqual(
    lines.map((line) => line.trim().at(-1)),
    ['3', '4'],
  )
})

test('an error shows its message and causes, its stack only while debugging', async () => {
  const error = new Error('outer', { cause: new Error('inner') })
  assert.equal(describeError(error, false), 'outer (inner)')
  assert.equal(describeError('text', false), 'text')
  const [plain] = await logged({ level: 'info', format: 'pretty' }, (log) => {
    log.error('failed', { error })
  })
  assert.match(plain ?? '', /error failed error="outer \(inner\)"\n$/)
  const [debug] = await logged({ level: 'debug', format: 'pretty' }, (log) => {
    log.error('failed', { error })
  })
  assert.match(debug ?? '', /Error: outer\n {6}at /)
})

test('colour only where asked for', async () => {
  const [line] = await logged({ level: 'info', format: 'pretty', color: true }, (log) => {
    log.error('x')
  })
  assert.ok(line?.includes('\u001b[31merror\u001b[0m x'), line)
})
