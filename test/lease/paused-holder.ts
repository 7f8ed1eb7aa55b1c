/**
 * The holder of the write lease stands still (SIGSTOP) under load, while another mount writes: the other
 * goes on, the holder notices before it answers anything more, and afterwards both show the same. What the
 * holder had answered is there, or was reported.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { takeAfterMs } from '../../src/replica/lease-rules.js'
import { readState, type State } from '../crash/model.js'
import { startServer, waitFor } from '../support/process.js'
import type { LeaseMount, LeaseMounts } from './lease-mounts.js'
import { type Answered, nowMs } from './line-writer.js'
import { stopHolder } from './stop-holder.js'

const program = fileURLToPath(new URL('./line-writer.js', import.meta.url))
/** What a busy machine may take for what needs no waiting. */
const slackMs = 5_000

export interface PauseFigures {
  readonly pauseMs: number
  /** How long the other waited for its first answer. */
  readonly otherMs: number
  /** From SIGCONT to the first answer of the holder. */
  readonly holderMs: number
  readonly lines: { readonly holder: number; readonly other: number }
  readonly lost: number
}

interface LineWriter {
  readonly name: string
  /** What was answered so far; throws where it has ended by itself. */
  answered(): Answered[]
  /** After the line under way. */
  stop(): Promise<void>
}

async function startWriter(mounts: LeaseMounts, dir: string, name: string): Promise<LineWriter> {
  const log = join(mounts.sandbox.folder, `${name}.log`)
  writeFileSync(log, '')
  const server = await startServer(process.execPath, [program, dir, log, name])
  let isExpected = false
  let hasEnded = false
  server.ended.then(() => {
    hasEnded = !isExpected
  })
  return {
    name,
    answered() {
      if (hasEnded) throw new Error(`${name} ended:\n${server.output()}`)
      // The last line may be half written.
      const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1)
      return lines.map((line) => JSON.parse(line))
    },
    async stop() {
      isExpected = true
      server.kill('SIGTERM')
      assert.equal(await server.ended, 0, `${name}: ${server.output()}`)
    },
  }
}

/** One pause; leaves both mounted, idle and compared. */
export async function pauseHolder(mounts: LeaseMounts, pauseMs: number): Promise<PauseFigures> {
  const [here, there] = [await mounts.mount('here'), await mounts.mount('there')]
  const holder = await startWriter(mounts, here.dir, 'holder')
  await here.until('the holder', ({ writeLease }) => writeLease.state === 'held', 20_000)
  writeFileSync(join(here.dir, 'contested'), 'of the holder')
  await stopHolder(mounts, here)
  const other = await startWriter(mounts, there.dir, 'other')
  // Counted from here: a busy machine takes its time to start a program.
  await there.said(/CREATE .*other\.lines/)
  const stoppedMs = nowMs()
  const resumed = sleep(pauseMs).then(() => {
    here.signal('SIGCONT')
    return nowMs()
  })
  const isTaken = pauseMs > takeAfterMs
  const goesOnMs = stoppedMs + Math.min(takeAfterMs, pauseMs)
  const hasGoneOn = () => other.answered().length > 0
  await waitFor('the other to go on', hasGoneOn, goesOnMs - nowMs() + slackMs)
  await writeFile(join(there.dir, 'contested'), 'of the other')
  await writeFile(join(there.dir, 'claimed'), 'of the other')
  const noticed = isTaken ? assertNotices(here.dir) : Promise.resolve()
  const resumedMs = await resumed
  await noticed
  const again = await goneOn(holder, resumedMs)
  const [first] = other.answered()
  await Promise.all([holder.stop(), other.stop()])
  const wasTaken = /write lease taken by another process/
  if (isTaken) await here.said(wasTaken)
  else assert.doesNotMatch(here.log(), wasTaken)
  return {
    pauseMs,
    otherMs: Math.round((first?.endedMs ?? 0) - (first?.beganMs ?? 0)),
    holderMs: Math.round(again.endedMs - resumedMs),
    lines: { holder: holder.answered().length, other: other.answered().length },
    lost: await compare(mounts, [here, there], [holder, other]),
  }
}

/** The first that is answered behind `resumedMs`. */
async function goneOn(writer: LineWriter, resumedMs: number): Promise<Answered> {
  let next: Answered | undefined
  const hasGoneOn = () => {
    next = writer.answered().find(({ endedMs }) => endedMs > resumedMs)
    return next !== undefined
  }
  await waitFor(`${writer.name} to go on`, hasGoneOn, 2 * takeAfterMs)
  if (!next) throw new Error('unreachable: it has gone on')
  return next
}

/** A mount that waits for its commits stands still: who waits is answered when it goes on, as if in time. */
export async function pausePlainMount(mounts: LeaseMounts, pauseMs: number): Promise<void> {
  const here = await mounts.mount('here')
  const writer = await startWriter(mounts, here.dir, 'writer')
  await waitFor('the writer to begin', () => writer.answered().length > 0, slackMs)
  await stopHolder(mounts, here)
  await sleep(pauseMs)
  here.signal('SIGCONT')
  await goneOn(writer, nowMs())
  await writer.stop()
  await here.unmount()
}

/** Asked while it stands still, and so among the first that it answers: it knows what the other has done. */
async function assertNotices(dir: string): Promise<void> {
  const claim = open(join(dir, 'claimed'), 'wx').then((handle) => handle.close())
  const [read] = await Promise.all([
    readFile(join(dir, 'other.lines'), 'utf8'),
    assert.rejects(claim, { code: 'EEXIST' }),
  ])
  assert.match(read, /^0\n/)
}

/** Both show the same, and everything that was answered but what was reported; answers how much that was. */
async function compare(
  mounts: LeaseMounts,
  [here, there]: readonly [LeaseMount, LeaseMount],
  writers: readonly LineWriter[],
): Promise<number> {
  let [shown, elsewhere]: State[] = []
  const isSame = () => {
    ;[shown, elsewhere] = [readState(here.dir), readState(there.dir)]
    return sameState(shown, elsewhere)
  }
  await waitFor('both to show the same', isSame, 20_000).catch(() => {
    assert.deepEqual(namesOf(shown), namesOf(elsewhere))
    assert.deepEqual(shown, elsewhere)
  })
  const lost = (await here.status()).writeLease.lostChanges
  assert.equal((await there.status()).writeLease.lostChanges, 0)
  const reported = new Set((await mounts.rescued()).map(({ path }) => path))
  const missing = writers.flatMap((writer) => missingOf(writer, shown ?? new Map()))
  const untold = missing.filter((name) => !reported.has(`/${name}`))
  assert.deepEqual(untold, [], 'answered, missing and not reported')
  assert.ok(lost >= missing.length, `${missing.length} are missing, ${lost} reported`)
  if (lost === 0) assert.deepEqual([...reported], [])
  return lost
}

/** Names of a writer's files that are not as it was answered. */
function missingOf(writer: LineWriter, state: State): string[] {
  const lines = writer.answered().map(({ line }) => line)
  const textOf = (name: string) => {
    const entry = state.get(name)
    return entry?.kind === 'file' ? entry.content.toString() : undefined
  }
  const files = new Map(
    lines.map((line) => [`${writer.name}.${line}`, `file ${line} of ${writer.name}`]),
  )
  files.set(`${writer.name}.lines`, lines.map((line) => `${line}\n`).join(''))
  return [...files].filter(([name, text]) => textOf(name) !== text).map(([name]) => name)
}

function sameState(a: State, b: State): boolean {
  if (a.size !== b.size) return false
  return [...a].every(([name, entry]) => {
    const other = b.get(name)
    if (entry.kind === 'file') return other?.kind === 'file' && other.content.equals(entry.content)
    return other?.kind === entry.kind
  })
}

const namesOf = (state: State | undefined) => [...(state?.keys() ?? [])].sort()
