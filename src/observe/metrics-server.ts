// What a mount says over HTTP: /metrics for Prometheus, /healthz for whoever decides where to send work.
// It answers from memory and /proc alone, never from the mount itself. Loaded only where it is wanted:
// prom-client comes with it.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import { Errno, FsError } from '../posix/errno.js'
import type { Logger } from './logger.js'
import { metricsPage } from './mount-metrics.js'
import { type ProcessWatch, watchProcess } from './process-figures.js'
import type { MountStatus } from './status.js'

export interface MetricsAddress {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

export interface MetricsServer {
  /** Where it listens, `host:port`. */
  readonly address: string
  /** From now on there is a mount to be asked. */
  attach(status: () => MountStatus): void
  /** Open connections get a moment to be answered. */
  close(): Promise<void>
}

interface Answer {
  readonly code: number
  readonly text: string
  readonly contentType?: string
}

interface Sources {
  readonly logger: Logger
  readonly status: (() => MountStatus) | undefined
  readonly watch: ProcessWatch
}

const plainText = 'text/plain; charset=utf-8'
const connectionsMax = 64
const requestMsMax = 10_000
/** Longer than the usual interval of scrapes, so that a connection lasts. */
const keepAliveMs = 75_000
const closingMsMax = 1000

/** Listens. Throws FsError that says what is wrong with the address, and what to do. */
export async function openMetricsServer(
  address: MetricsAddress,
  logger: Logger,
): Promise<MetricsServer> {
  let status: (() => MountStatus) | undefined
  const watch = watchProcess()
  const server = createServer(
    { requestTimeout: requestMsMax, keepAliveTimeout: keepAliveMs },
    (request, response) => {
      respond(request, response, { logger, status, watch }).catch((error: unknown) => {
        logger.error('a request for metrics failed', { error })
        response.destroy()
      })
    },
  )
  server.maxConnections = connectionsMax
  try {
    await listen(server, address)
  } catch (error) {
    watch.close()
    throw refusal(address, error as NodeJS.ErrnoException)
  }
  server.on('error', (error) => logger.error('the metrics server failed', { error }))
  const { address: host, port } = server.address() as AddressInfo
  return {
    address: written({ host, port }),
    attach(ask) {
      status = ask
    },
    async close() {
      watch.close()
      await closeServer(server)
    },
  }
}

/** Never rejects because of the mount: what it throws is an answer. */
async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { logger, status, watch }: Sources,
): Promise<void> {
  const { code, text, contentType } = await answer(request, status, watch).catch(
    (error: unknown): Answer => {
      logger.error('the state of the mount cannot be told', { error })
      return { code: 500, text: 'the state of the mount cannot be told\n' }
    },
  )
  response.writeHead(code, {
    'content-type': contentType ?? plainText,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...(code === 405 && { allow: 'GET, HEAD' }),
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}

async function answer(
  { method, url = '' }: IncomingMessage,
  status: (() => MountStatus) | undefined,
  watch: ProcessWatch,
): Promise<Answer> {
  const [path] = url.split('?', 1)
  if (path !== '/metrics' && path !== '/healthz')
    return { code: 404, text: 'here are /metrics and /healthz\n' }
  if (method !== 'GET' && method !== 'HEAD') return { code: 405, text: 'GET or HEAD\n' }
  if (!status) return { code: 503, text: 'the mount is not there yet\n' }
  if (path === '/metrics') return { code: 200, ...(await metricsPage(status(), watch.read())) }
  const trouble = troubleOf(status())
  return trouble ? { code: 503, text: `${trouble}\n` } : { code: 200, text: 'ok\n' }
}

/** Why work should not be sent here; undefined: it may be. */
function troubleOf({ detached, store }: MountStatus): string | undefined {
  if (detached) return 'the mount is out of the tree'
  if (store?.state !== 'silent') return undefined
  const since = store.since === undefined ? '' : ` since ${store.since}`
  return `the store does not answer${since}`
}

function listen(server: Server, { host, port }: MetricsAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.removeListener('error', reject)
      resolve()
    })
    server.unref()
  })
}

function closeServer(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), closingMsMax)
    server.close(() => {
      clearTimeout(late)
      resolve()
    })
    server.closeIdleConnections()
  })
}

function refusal(address: MetricsAddress, cause: NodeJS.ErrnoException): FsError {
  const { host, port } = address
  const at = written(address)
  const known: Readonly<Record<string, [Errno, string]>> = {
    EADDRINUSE: [
      Errno.EBUSY,
      `${at} is in use by another program; give this mount an address of its own, or -metrics=off`,
    ],
    EACCES: [Errno.EACCES, `port ${port} is not for this user; choose one from 1024`],
    EADDRNOTAVAIL: [Errno.EINVAL, `${host} is no address of this machine; one is 127.0.0.1`],
    ENOTFOUND: [Errno.EINVAL, `there is no host ${host}; an address of this machine is 127.0.0.1`],
  }
  const [errno, what] = known[cause.code ?? ''] ?? [
    Errno.EINVAL,
    `cannot listen at ${at} (${cause.code ?? cause.message})`,
  ]
  return new FsError(errno, `option -metrics: ${what}`)
}

function written({ host, port }: MetricsAddress): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`
}
