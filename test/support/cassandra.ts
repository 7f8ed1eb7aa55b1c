/**
 * A real Cassandra for a test: the one that CASSFS_TEST_SERVER names (`npm test` starts one for all
 * tests), or one of the test's own, started by scripts/cassandra.mjs. Where neither is possible the
 * test is told why, to skip aloud with it.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { projectPath } from './project.js'

const run = promisify(execFile)
const script = projectPath('scripts/cassandra.mjs')
const START_TIMEOUT_MS = 400_000
const MISSING = 3

export interface TestCassandra {
  /** Contact points as `-server=` takes them: `host[:port][,host...]`. */
  readonly server: string
  /** The first contact point's host and port. */
  readonly host: string
  readonly port: number
  /** Stops a node (all without a number) as SIGTERM or, with `kill`, as a crash; data stays. */
  stop(options?: { node?: number; kill?: boolean }): Promise<void>
  /** Starts what was stopped. */
  start(options?: { node?: number }): Promise<void>
  /** The pid of each node, in order; null where it is stopped. */
  pids(): Promise<(number | null)[]>
  /** Ends the cluster and deletes its data; leaves the server of CASSFS_TEST_SERVER alone. */
  close(): Promise<void>
}

export interface TestCassandraOptions {
  /** 1 to 3. */
  nodes?: number
  paxos?: 'v1' | 'v2'
  auth?: boolean
  /** Never use CASSFS_TEST_SERVER: the test stops, kills or pauses nodes. */
  own?: boolean
}

/** Why no Cassandra can be had here (a sentence with the way out), or undefined when one can. */
export async function cassandraMissing(): Promise<string | undefined> {
  if (process.env.CASSFS_TEST_SERVER) return undefined
  if (process.env.CASSFS_TEST_NO_CASSANDRA)
    return `no Cassandra: ${process.env.CASSFS_TEST_NO_CASSANDRA}`
  try {
    await run(process.execPath, [script, 'check'])
    return undefined
  } catch (error) {
    const { code, stderr } = error as { code?: number; stderr?: string }
    if (code === MISSING) return (stderr ?? '').trim()
    throw error
  }
}

/** Opens a Cassandra; call cassandraMissing() first. Takes 5 to 20 s when it has to start one. */
export async function openTestCassandra(
  options: TestCassandraOptions = {},
): Promise<TestCassandra> {
  const given = process.env.CASSFS_TEST_SERVER
  const plain = !options.own && (options.nodes ?? 1) === 1 && !options.paxos && !options.auth
  return given && plain ? shared(given) : startOwn(options)
}

function endpoint(server: string): { server: string; host: string; port: number } {
  const [host = server, port = '9042'] = (server.split(',')[0] ?? server).split(':')
  return { server, host, port: Number(port) }
}

function shared(server: string): TestCassandra {
  const refuse = async (): Promise<never> => {
    throw new Error('a shared Cassandra is not stopped by one test: open it with { own: true }')
  }
  return { ...endpoint(server), stop: refuse, start: refuse, pids: refuse, close: async () => {} }
}

async function startOwn(options: TestCassandraOptions): Promise<TestCassandra> {
  const dir = await mkdtemp(join(tmpdir(), 'cassfs-cassandra-'))
  const call = (action: string, ...flags: string[]) =>
    run(process.execPath, [script, action, '--dir', dir, ...flags], { timeout: START_TIMEOUT_MS })
  const nodeFlag = (node?: number) => (node === undefined ? [] : ['--node', String(node)])
  const close = async () => {
    await call('stop', '--kill')
    await rm(dir, { recursive: true, force: true })
  }
  const flags = ['--json', '--nodes', String(options.nodes ?? 1)]
  if (options.paxos) flags.push('--paxos', options.paxos)
  if (options.auth) flags.push('--auth')
  let server: string
  try {
    server = JSON.parse((await call('start', ...flags)).stdout).server
  } catch (error) {
    await close()
    throw error
  }
  return {
    ...endpoint(server),
    stop: async ({ node, kill } = {}) => {
      await call('stop', ...nodeFlag(node), ...(kill ? ['--kill'] : []))
    },
    start: async ({ node } = {}) => {
      await call('start', ...nodeFlag(node))
    },
    pids: async () => JSON.parse((await call('status', '--json')).stdout).pids,
    close,
  }
}
