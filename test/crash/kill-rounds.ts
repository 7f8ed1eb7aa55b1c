/** Rounds of: mount, check everything, let writers work, SIGKILL the mount at a random moment. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Server, startServer, waitFor } from '../support/process.js'
import type { Target } from '../support/target.js'
import { createRandom } from '../support/tree.js'
import { apply, findLosses, readState, type State } from './model.js'
import type { Operation } from './operation.js'
import { ORDERS, openOtherMount } from './other-mount.js'

const WRITERS = 3
const KILL_AFTER_MS_MAX = 400
const WRITER_END_TIMEOUT_MS = 20_000
const program = fileURLToPath(new URL('./writer.js', import.meta.url))

interface Writer {
  /** Its folder, below every mount. */
  name: string
  log: string
  state: State
  pending: Operation | undefined
  acknowledged: number
}

type LogLine = { begin?: Operation; done?: true; error?: string }

/** Takes over what the log of a round says, into the writer's model. */
function readLog(writer: Writer): void {
  const lines = readFileSync(writer.log, 'utf8').split('\n').filter(Boolean)
  writer.pending = undefined
  for (const line of lines) {
    const { begin, done } = JSON.parse(line) as LogLine
    if (begin) writer.pending = begin
    if (!done || !writer.pending) continue
    apply(writer.state, writer.pending)
    writer.pending = undefined
    writer.acknowledged++
  }
  writeFileSync(writer.log, '')
}

/** Compares each folder with its model, then takes what is there as the truth from now on. */
function check(dir: string, writers: Writer[], hint: string): void {
  for (const writer of writers) {
    const root = join(dir, writer.name)
    const found = readState(root)
    const losses = findLosses(found, writer.state, writer.pending)
    const under = writer.pending ? `; under way: ${JSON.stringify(writer.pending)}` : ''
    assert.deepEqual(losses, [], `${hint}: ${root}: lost${under}`)
    writer.state = found
    writer.pending = undefined
  }
}

async function startWriters(dir: string, writers: Writer[], seed: number): Promise<Server[]> {
  const servers: Server[] = []
  for (const [index, { name, log }] of writers.entries()) {
    const flags = [program, join(dir, name), log, String(seed + index)]
    servers.push(await startServer(process.execPath, flags))
  }
  const haveBegun = () =>
    writers.every(({ log }) => readFileSync(log, 'utf8').includes('"done"')) ||
    servers.some((server) => !server.running())
  await waitFor('every writer to have done something', haveBegun)
  return servers
}

async function endWriters(servers: Server[], writers: Writer[], hint: string): Promise<void> {
  try {
    const ended = () => servers.every((server) => !server.running())
    await waitFor(`${hint}: writers to notice the dead mount`, ended, WRITER_END_TIMEOUT_MS)
  } finally {
    for (const server of servers) server.kill('SIGKILL')
  }
  for (const [index, server] of servers.entries())
    assert.equal(await server.ended, 0, `${hint}: ${server.output()}${lastLines(writers[index])}`)
}

function lastLines(writer: Writer | undefined): string {
  return writer ? readFileSync(writer.log, 'utf8').slice(-500) : ''
}

export interface KillRounds {
  /** Operations that were acknowledged, over all rounds. */
  acknowledged: number
  /** Rounds in which the kill came while an operation was under way. */
  hits: number
}

export interface KillRoundsOptions {
  /** Another mount opens the volume before the killed one does; in turn at once, killed, or all along. */
  readonly otherFirst?: boolean
}

/** Runs the rounds on a mounted target and leaves it mounted and checked. */
export async function killRounds(
  target: Target,
  rounds: number,
  seed: number,
  { otherFirst = false }: KillRoundsOptions = {},
): Promise<KillRounds> {
  const random = createRandom(seed)
  const other = otherFirst ? openOtherMount(target) : undefined
  const { dir } = target
  const writers = Array.from({ length: WRITERS }, (_, index) => makeWriter(target, index))
  let hits = 0
  for (let round = 0; round < rounds; round++) {
    const order = ORDERS[round % ORDERS.length] ?? 'after'
    const hint = `seed ${seed}, round ${round}${other ? `, another mount: ${order}` : ''}`
    await other?.begin(order)
    const servers = await startWriters(dir, writers, random(1 << 30))
    await sleep(random(KILL_AFTER_MS_MAX))
    const early = servers.findIndex((server) => !server.running())
    assert.equal(early, -1, `${hint}: refused before the kill: ${lastLines(writers[early])}`)
    await target.kill()
    await endWriters(servers, writers, hint)
    for (const writer of writers) readLog(writer)
    if (writers.some((writer) => writer.pending)) hits++
    await other?.carryOn(order)
    if (other) check(other.dir, writers, `${hint}: as the other shows it`)
    await target.mount()
    check(dir, writers, hint)
    await other?.end(order)
  }
  await target.unmount()
  await target.mount()
  check(dir, writers, `seed ${seed}, after a clean unmount`)
  assert.ok(existsSync(join(dir, 'writer0')))
  return { acknowledged: writers.reduce((sum, each) => sum + each.acknowledged, 0), hits }
}

function makeWriter({ dir, workDir }: Target, index: number): Writer {
  const name = `writer${index}`
  const log = join(workDir, `log${index}`)
  mkdirSync(join(dir, name))
  writeFileSync(log, '')
  return { name, log, state: new Map(), pending: undefined, acknowledged: 0 }
}
