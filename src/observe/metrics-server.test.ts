import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, createServer, get, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { readExposition, valueIn } from '../../test/support/exposition.js'
import { fullStatus } from '../../test/support/full-status.js'
import type { Logger } from './logger.js'
import { type MetricsServer, openMetricsServer } from './metrics-server.js'
import type { MountStatus } from './status.js'

const anyPort = { host: '127.0.0.1', port: 0 }
const answering: MountStatus = {
  ...fullStatus(),
  detached: false,
  store: { state: 'answering' },
}

describe('the metrics server', () => {
  let server: MetricsServer
  let log: string[] = []

  const logger: Logger = {
    isDebug: false,
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => void log.push(message),
    error: (message) => void log.push(message),
  }

  async function open(status?: () => MountStatus): Promise<void> {
    server = await openMetricsServer(anyPort, logger)
    if (status) server.attach(status)
  }
  afterEach(async () => {
    await server.close()
    log = []
  })

  const ask = async (path: string, method = 'GET') => {
    const response = await fetch(`http://${server.address}${path}`, { method })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }

  test('answers /metrics in the text format', async () => {
    await open(() => answering)
    const { status, headers, text } = await ask('/metrics?x=1')
    assert.equal(status, 200)
    assert.equal(headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    const metrics = readExposition(text)
    assert.equal(valueIn(metrics, 'cassfs_volume_seq'), answering.seq)
    assert.ok((valueIn(metrics, 'process_resident_memory_bytes') ?? 0) > 2 ** 20)
    assert.ok((valueIn(metrics, 'cassfs_event_loop_busy_seconds_total') ?? 0) > 0)
  })

  test('is healthy while the mount serves and the store answers', async () => {
    let now = answering
    await open(() => now)
    assert.deepEqual(await healthOf(), [200, 'ok\n'])
    now = { ...answering, store: { state: 'silent', since: '2026-01-02T03:04:05.000Z' } }
    assert.deepEqual(await healthOf(), [
      503,
      'the store does not answer since 2026-01-02T03:04:05.000Z\n',
    ])
    assert.equal((await ask('/metrics')).status, 200)
    now = { ...answering, detached: true }
    assert.deepEqual(await healthOf(), [503, 'the mount is out of the tree\n'])
  })
  const healthOf = async () => {
    const { status, text } = await ask('/healthz')
    return [status, text]
  }

  test('says so before there is a mount', async () => {
    await open()
    assert.deepEqual(await healthOf(), [503, 'the mount is not there yet\n'])
    assert.equal((await ask('/metrics')).status, 503)
  })

  test('knows no other paths and methods', async () => {
    await open(() => answering)
    for (const path of ['/', '/metric', '/metrics/', '/healthz/x', '//metrics'])
      assert.equal((await ask(path)).status, 404, path)
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await ask('/metrics', method)
      assert.deepEqual([status, headers.get('allow')], [405, 'GET, HEAD'], method)
    }
    const head = await ask('/healthz', 'HEAD')
    assert.deepEqual([head.status, head.text], [200, ''])
    assert.equal(head.headers.get('content-length'), '3')
  })

  test('a status that throws is an answer and a line in the log, and nothing more', async () => {
    await open(() => {
      throw new Error('no status')
    })
    assert.deepEqual([(await ask('/metrics')).status, (await ask('/healthz')).status], [500, 500])
    assert.equal(log.length, 2)
  })

  test('whoever asks nonsense, or goes away, disturbs nobody', async () => {
    await open(() => answering)
    const { port } = new URL(`http://${server.address}`)
    const nonsense = connect(Number(port), '127.0.0.1').on('error', () => undefined)
    nonsense.end('\x16\x03\x01 nonsense\r\n\r\n')
    await once(nonsense.resume(), 'close')
    const gone = get(`http://${server.address}/metrics`).on('error', () => undefined)
    gone.on('socket', (socket) => socket.on('connect', () => setImmediate(() => gone.destroy())))
    await new Promise((resolve) => gone.on('close', resolve))
    assert.equal((await ask('/metrics')).status, 200)
    assert.deepEqual(log, [])
  })

  test('closes although a connection is kept open', async () => {
    await open(() => answering)
    const agent = new Agent({ keepAlive: true })
    const asked = request(`http://${server.address}/healthz`, { agent }).end()
    const [response] = await once(asked, 'response')
    await once(response.resume(), 'end')
    await server.close()
    await assert.rejects(ask('/healthz'))
    agent.destroy()
  })

  test('an address in use is refused with what to do', async () => {
    await open()
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await assert.rejects(openMetricsServer({ host: '127.0.0.1', port }, logger), {
      message:
        `EBUSY: option -metrics: 127.0.0.1:${port} is in use by another program; ` +
        'give this mount an address of its own, or -metrics=off',
    })
    other.close()
  })

  test("an address that is not this machine's is refused", async () => {
    await open()
    const refused = openMetricsServer({ host: '192.0.2.1', port: 0 }, logger)
    await assert.rejects(refused, /option -metrics: 192\.0\.2\.1 is no address of this machine/)
    const unknown = openMetricsServer({ host: 'no-such-host.example', port: 0 }, logger)
    await assert.rejects(unknown, /option -metrics: .*no-such-host\.example/)
  })
})
