/**
 * One to three Cassandra nodes on loopback, for tests. All of 127/8 is loopback, so a cluster takes
 * a free /24 of it and lets every node have the usual ports: clusters never collide. The choice is
 * kept in DIR/cluster.json: a stopped cluster comes back where it was, with its data.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { NODES_MAX, runningPid, startNode, stopNode } from './node.mjs'

const STORAGE_PORT = 7000
const DEFAULTS = { nodes: 1, port: 9042, heap: '512m', paxos: 'v1', auth: false }

function canListen(host, port) {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(false))
    server.listen({ host, port }, () => server.close(() => done(true)))
  })
}

async function freePrefix(nodes, port) {
  for (let attempt = 0; attempt < 50; attempt++) {
    const part = () => 1 + Math.floor(Math.random() * 254)
    const prefix = `127.${part()}.${part()}`
    const checks = []
    for (let number = 1; number <= nodes; number++)
      for (const each of [port, STORAGE_PORT]) checks.push(canListen(`${prefix}.${number}`, each))
    if ((await Promise.all(checks)).every(Boolean)) return prefix
  }
  throw new Error(`no loopback network with free ports ${port} and ${STORAGE_PORT}`)
}

function readCluster(dir) {
  const path = join(dir, 'cluster.json')
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

async function createCluster(dir, options) {
  const cluster = { ...DEFAULTS, ...options }
  if (!(cluster.nodes >= 1 && cluster.nodes <= NODES_MAX))
    throw new Error(`--nodes ${cluster.nodes}: 1 to ${NODES_MAX} are allowed`)
  cluster.prefix ??= await freePrefix(cluster.nodes, cluster.port)
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'cluster.json'), `${JSON.stringify(cluster)}\n`)
  return cluster
}

const nodeDir = (dir, number) => join(dir, `node${number}`)

function nodeNumbers(cluster, only) {
  const all = Array.from({ length: cluster.nodes }, (_, index) => index + 1)
  return only === undefined ? all : all.filter((number) => number === only)
}

/** `host:port` of every node, comma separated: what `-server=` and CASSFS_TEST_SERVER take. */
export function serverOf(cluster) {
  const suffix = cluster.port === DEFAULTS.port ? '' : `:${cluster.port}`
  return nodeNumbers(cluster)
    .map((number) => `${cluster.prefix}.${number}${suffix}`)
    .join(',')
}

/** The cluster of DIR with its `server` and each node's pid (null where it does not run). */
export function clusterStatus(dir) {
  const root = resolve(dir)
  const cluster = readCluster(root)
  if (!cluster) throw new Error(`${root} holds no cluster`)
  const pids = nodeNumbers(cluster).map((number) => runningPid(nodeDir(root, number)) ?? null)
  return { ...cluster, server: serverOf(cluster), pids }
}

/**
 * Starts the nodes that do not run, one after the other (each must have joined before the next);
 * options count only when DIR is new. Answers as clusterStatus.
 */
export async function startCluster(dir, options = {}, only = undefined) {
  const root = resolve(dir)
  const cluster = readCluster(root) ?? (await createCluster(root, options))
  for (const number of nodeNumbers(cluster, only))
    await startNode(nodeDir(root, number), number, cluster)
  return clusterStatus(root)
}

/** Stops the nodes (or only one), at once; `signal` as for stopNode. */
export async function stopCluster(dir, signal = 'SIGTERM', only = undefined) {
  const root = resolve(dir)
  const cluster = readCluster(root)
  if (!cluster) return
  await Promise.all(
    nodeNumbers(cluster, only).map((number) => stopNode(nodeDir(root, number), signal)),
  )
}
