/**
 * One Cassandra node: its configuration, its start, its end. A node is a process of its own that
 * outlives this one; its folder holds the pid file, the logs and the data, so that it can be stopped
 * and started again by any later process.
 */
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fetchJars, findJava } from './java.mjs'

const READY_TIMEOUT_MS = 180_000
const STOP_TIMEOUT_MS = 30_000
/** Three tokens that cut the ring in equal parts; a lone node has the first. */
const TOKENS = ['-9223372036854775808', '-3074457345618258603', '3074457345618258602']
export const NODES_MAX = TOKENS.length

const EXPORTS = `java.base/jdk.internal.misc java.management.rmi/com.sun.jmx.remote.internal.rmi
  java.rmi/sun.rmi.registry java.rmi/sun.rmi.server java.sql/java.sql java.base/java.lang.ref
  jdk.unsupported/sun.misc jdk.compiler/com.sun.tools.javac.file jdk.attach/sun.tools.attach`
const OPENS = `java.base/java.lang.module java.base/jdk.internal.loader java.base/jdk.internal.ref
  java.base/jdk.internal.reflect java.base/jdk.internal.math java.base/jdk.internal.module
  java.base/jdk.internal.util.jar java.base/sun.nio.ch java.base/java.io java.base/java.lang.reflect
  java.base/java.lang java.base/java.util java.base/java.nio java.base/java.util.concurrent
  java.base/java.util.concurrent.atomic jdk.management/com.sun.management.internal
  jdk.compiler/com.sun.tools.javac`

function configuration(dir, number, cluster) {
  const address = `${cluster.prefix}.${number}`
  const auth = cluster.auth
    ? ['PasswordAuthenticator', 'CassandraAuthorizer']
    : ['AllowAllAuthenticator', 'AllowAllAuthorizer']
  return `cluster_name: cassfs-test
num_tokens: 1
initial_token: ${TOKENS[number - 1]}
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
listen_address: ${address}
rpc_address: ${address}
native_transport_port: ${cluster.port}
storage_port: 7000
ssl_storage_port: 7001
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{ seeds: "${cluster.prefix}.1" }]
data_file_directories: [${dir}/data]
commitlog_directory: ${dir}/commitlog
hints_directory: ${dir}/hints
saved_caches_directory: ${dir}/saved_caches
cdc_raw_directory: ${dir}/cdc
commitlog_sync: periodic
commitlog_sync_period: 10000ms
commitlog_segment_size: 8MiB
commitlog_total_space: 128MiB
memtable_heap_space: 64MiB
memtable_offheap_space: 64MiB
concurrent_reads: 16
concurrent_writes: 16
concurrent_compactors: 1
file_cache_size: 64MiB
auto_snapshot: false
hinted_handoff_enabled: false
auto_bootstrap: false
paxos_variant: ${cluster.paxos}
disk_failure_policy: die
commit_failure_policy: die
authenticator: ${auth[0]}
authorizer: ${auth[1]}
`
}

function logging(dir) {
  return `<configuration>
<appender name="F" class="ch.qos.logback.core.FileAppender"><file>${dir}/system.log</file>
<encoder><pattern>%-5level [%thread] %date{ISO8601} %F:%L - %msg%n</pattern></encoder></appender>
<root level="INFO"><appender-ref ref="F"/></root></configuration>
`
}

function javaArguments(dir, jars, cluster) {
  const agent = readdirSync(jars).find((name) => /^jamm-.*\.jar$/.test(name))
  return [
    ...EXPORTS.split(/\s+/).flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]),
    ...OPENS.split(/\s+/).flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
    '-Djdk.attach.allowAttachSelf=true',
    '-Dio.netty.tryReflectionSetAccessible=true',
    `-javaagent:${join(jars, agent)}`,
    `-Xms${cluster.heap}`,
    `-Xmx${cluster.heap}`,
    '-XX:+UseSerialGC',
    '-XX:+ExitOnOutOfMemoryError',
    `-Dcassandra.config=file://${dir}/cassandra.yaml`,
    `-Dcassandra.storagedir=${dir}`,
    `-Dcassandra.logdir=${dir}`,
    `-Dlogback.configurationFile=${dir}/logback.xml`,
    '-Dcassandra-foreground=yes',
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    '-Dcassandra.load_ring_state=false',
    '-Dcassandra.ring_delay_ms=1',
    '-Dcassandra.superuser_setup_delay_ms=0',
    '-cp',
    `${dir}:${jars}/*`,
    'org.apache.cassandra.service.CassandraDaemon',
  ]
}

/** The pid of the node of this folder, or undefined. A recycled pid is not taken for the node. */
export function runningPid(dir) {
  try {
    const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'))
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
    return command.includes(`${dir}/cassandra.yaml`) ? pid : undefined
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined
    throw error
  }
}

async function waitUntilReady(dir, pid) {
  const log = join(dir, 'system.log')
  const deadline = Date.now() + READY_TIMEOUT_MS
  while (!(existsSync(log) && readFileSync(log, 'utf8').includes('Startup complete'))) {
    if (runningPid(dir) !== pid) throw new Error(`Cassandra ended while starting:\n${tail(dir)}`)
    if (Date.now() > deadline) throw new Error(`Cassandra was not ready in time:\n${tail(dir)}`)
    await sleep(100)
  }
}

function tail(dir) {
  return ['out.log', 'system.log']
    .map((name) => join(dir, name))
    .filter((path) => existsSync(path))
    .map((path) => `--- ${path}\n${readFileSync(path, 'utf8').slice(-2000)}`)
    .join('\n')
}

/** Starts node `number` of the cluster, on the data its folder has, and waits until it serves. */
export async function startNode(dir, number, cluster) {
  if (runningPid(dir)) return
  mkdirSync(dir, { recursive: true })
  const jars = fetchJars()
  writeFileSync(join(dir, 'cassandra.yaml'), configuration(dir, number, cluster))
  writeFileSync(join(dir, 'logback.xml'), logging(dir))
  rmSync(join(dir, 'system.log'), { force: true })
  const out = openSync(join(dir, 'out.log'), 'w')
  const java = findJava()
  const child = spawn(java, javaArguments(dir, jars, cluster), {
    cwd: dir,
    detached: true,
    stdio: ['ignore', out, out],
  })
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  child.unref()
  writeFileSync(join(dir, 'pid'), `${child.pid}\n`)
  await waitUntilReady(dir, child.pid)
}

/**
 * Ends a node and waits until its process is gone: a node that is started while the old one still
 * runs dies over the commit log that the old one removes. `signal` SIGKILL is a crash.
 */
export async function stopNode(dir, signal = 'SIGTERM') {
  const pid = runningPid(dir)
  if (!pid) return
  process.kill(pid, signal)
  process.kill(pid, 'SIGCONT')
  const deadline = Date.now() + STOP_TIMEOUT_MS
  while (runningPid(dir)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL')
    await sleep(50)
  }
  rmSync(join(dir, 'pid'), { force: true })
}
