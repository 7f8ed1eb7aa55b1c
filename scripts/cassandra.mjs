#!/usr/bin/env node
/**
 * Starts and stops a real Apache Cassandra for tests (never for data that matters).
 *
 *   node scripts/cassandra.mjs start --dir D [--nodes 1-3] [--port 9042] [--heap 512m]
 *                                    [--paxos v1|v2] [--auth] [--prefix 127.0.1] [--node N] [--json]
 *   node scripts/cassandra.mjs stop  --dir D [--node N] [--kill]
 *   node scripts/cassandra.mjs status --dir D [--json]
 *   node scripts/cassandra.mjs check
 *   node scripts/cassandra.mjs fetch
 *
 * `start` prints what `-server=` and CASSFS_TEST_SERVER take once every node serves, and leaves the
 * nodes running; a stopped D comes back with its data. `check` fails with the reason when
 * this machine cannot run Cassandra; `fetch` only fills the cache with its jars. Exit status: 0, 1 failed, 2 usage, 3 Java or Maven is missing.
 */
import { parseArgs } from 'node:util'
import { clusterStatus, startCluster, stopCluster } from './cassandra/cluster.mjs'
import { fetchJars, whatIsMissing } from './cassandra/java.mjs'

const OPTIONS = {
  dir: { type: 'string' },
  nodes: { type: 'string' },
  node: { type: 'string' },
  port: { type: 'string' },
  prefix: { type: 'string' },
  heap: { type: 'string' },
  paxos: { type: 'string' },
  auth: { type: 'boolean' },
  json: { type: 'boolean' },
  kill: { type: 'boolean' },
}

function usage(message) {
  console.error(
    `cassandra: ${message}\nusage: cassandra.mjs start|stop|status --dir D [options] | check | fetch`,
  )
  return 2
}

function clusterOptions(values) {
  const options = {}
  for (const name of ['prefix', 'heap', 'paxos', 'auth'])
    if (values[name] !== undefined) options[name] = values[name]
  for (const name of ['nodes', 'port'])
    if (values[name] !== undefined) options[name] = Number(values[name])
  return options
}

function show(values, cluster) {
  console.log(values.json ? JSON.stringify(cluster) : cluster.server)
  return 0
}

async function main() {
  let parsed
  try {
    parsed = parseArgs({ options: OPTIONS, allowPositionals: true })
  } catch (error) {
    return usage(error.message)
  }
  const { values, positionals } = parsed
  const [action, ...rest] = positionals
  if (rest.length > 0) return usage(`unexpected argument ${rest[0]}`)
  const only = values.node === undefined ? undefined : Number(values.node)
  const withoutDir = action === 'check' || action === 'fetch'
  if (!withoutDir && !values.dir) return usage('--dir is missing')
  if (action === 'stop') {
    await stopCluster(values.dir, values.kill ? 'SIGKILL' : 'SIGTERM', only)
    return 0
  }
  if (action === 'status') return show(values, clusterStatus(values.dir))
  if (action !== 'start' && !withoutDir) return usage(`unknown action ${action ?? ''}`)
  const missing = whatIsMissing()
  if (missing) {
    console.error(`cassandra: ${missing}`)
    return 3
  }
  if (action === 'check') return 0
  if (action === 'fetch') {
    console.log(fetchJars())
    return 0
  }
  return show(values, await startCluster(values.dir, clusterOptions(values), only))
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error) => {
    console.error(`cassandra: ${error.message}`)
    process.exitCode = 1
  },
)
