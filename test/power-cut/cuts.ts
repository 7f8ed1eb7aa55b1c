// Records real processes at work on a state folder, cuts the power at places of the recording, and checks what
// the real code makes of each disk that may be left.

import { type ChildProcess, fork } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reserveBytes } from '../../src/store/lmdb/disk-reserve.js'
import { bootId } from '../../src/tables/boot-id.js'
import { newUuid } from '../../src/volume/uuid.js'
import { run } from '../support/process.js'
import { createRandom } from '../support/tree.js'
import { chanceOf } from './chance.js'
import type { CheckAnswer, CheckOrder } from './check.js'
import { History, type NoteLine } from './history.js'
import { momentsOf, Replay } from './recording.js'
import type { Setting } from './state-folder.js'
import { readSystemCalls, recordedCalls, type SystemCall } from './system-calls.js'

const work = fileURLToPath(new URL('./work.js', import.meta.url))
const checkProgram = fileURLToPath(new URL('./check.js', import.meta.url))
/** In memory where there is such a place: syncs of the images cost nothing there. */
const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
/** Room that is kept aside, and the spool, which has no name and belongs to a living process: no bytes that count. */
const isLeftOut = (path: string) => path.endsWith('/reserve') || path.startsWith('spool/')

export interface Session {
  readonly setting: Setting
  readonly seed: number
  /** Of each process, one after the other; every other one is killed. */
  readonly processes: number
  readonly operations: number
}

export interface Recorded {
  readonly session: Session
  readonly folder: string
  readonly notes: string
  readonly calls: readonly (readonly SystemCall[])[]
}

/** Runs the session under strace. `folder`: an empty one, of the caller's. */
export async function record(session: Session, folder: string): Promise<Recorded> {
  const [state, notes, trace] = ['state', 'notes', 'trace'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  mkdirSync(state)
  writeFileSync(notes, '')
  const calls: (readonly SystemCall[])[] = []
  for (let number = 0; number < session.processes; number++) {
    const end = number % 2 === 0 ? 'die' : 'close'
    const given = [state, notes, session.seed + number, number, JSON.stringify(session.setting)]
    const program = [work, ...given, session.operations, end].map(String)
    const env = { ...process.env, UV_USE_IO_URING: '0' }
    const flags = ['-f', '-xx', '-s', String(2 ** 26), '-o', trace, '-e', `trace=${recordedCalls}`]
    const strace = run('strace', [...flags, '--seccomp-bpf', process.execPath, ...program], { env })
    // strace dies as its program did.
    await strace.catch((error: Error & { cause?: unknown }) => {
      if (end === 'close' || !readFileSync(notes, 'utf8').includes('"opened"')) throw error
    })
    const last = calls
      .at(-1)
      ?.reduce(
        (most, { begun, ended }) => Math.max(most, begun, Number.isFinite(ended) ? ended : 0),
        0,
      )
    calls.push(await readSystemCalls(trace, last ?? 0))
  }
  rmSync(trace)
  return { session, folder: state, notes, calls }
}

export interface CutsOptions {
  readonly cuts: number
  readonly seed: number
  readonly isSyncIgnored?: (path: string) => boolean
}

export interface CutsResult {
  /** Cuts behind the first answer of the volume. */
  readonly checked: number
  /** Operations answered when the power went, over all cuts; and how many warnings there were. */
  readonly answered: number
  readonly warnings: ReadonlyMap<string, number>
  /** What is wrong, each with the seed of its cut. */
  readonly failures: readonly string[]
}

/** Cuts the power at `cuts` places, in order. Stops where much is wrong. */
export async function cutPower(
  { session, folder, notes, calls }: Recorded,
  { cuts, seed, isSyncIgnored }: CutsOptions,
): Promise<CutsResult> {
  const moments = momentsOf(calls)
  const options = { folder, notes, isLeftOut, ...(isSyncIgnored ? { isSyncIgnored } : {}) }
  const places = somePlaces(new Replay(moments, options), cuts, seed)
  const replay = new Replay(moments, options)
  const history = new History(session.setting.writeLease)
  const result = { checked: 0, answered: 0, warnings: new Map<string, number>() }
  const failures: string[] = []
  const checkers = Array.from({ length: checkersMax }, () => new Checker(session.setting))
  const running = checkers.map(() => Promise.resolve())
  let read = 0
  try {
    for (const [index, place] of places.entries()) {
      replay.upTo(place)
      for (; read < replay.lines.length; read++)
        history.add(JSON.parse(replay.lines[read] as string) as NoteLine)
      const turn = index % checkersMax
      await running[turn]
      if (failures.length >= failuresMax) break
      const checker = checkers[turn] as Checker
      const image = fillImage((folder) => replay.disk.writeImage(folder, chanceOf(seed + index)))
      const judge = history.judging()
      if (history.isOpened) result.checked++
      result.answered += history.answered
      running[turn] = checker.check(image).then(({ found, wrong, warnings, isAbsent }) => {
        const all = [...wrong, ...(found || isAbsent ? judge(found && new Map(found)) : [])]
        for (const each of all) failures.push(`cut ${index} at ${place}: ${each}`)
        for (const each of warnings) result.warnings.set(each, (result.warnings.get(each) ?? 0) + 1)
      })
    }
    await Promise.all(running)
  } finally {
    for (const checker of checkers) checker.end()
  }
  return { ...result, failures }
}

/** In order; only where something is done to the disk. */
function somePlaces(replay: Replay, count: number, seed: number): number[] {
  replay.upTo(Number.POSITIVE_INFINITY)
  const random = createRandom(seed)
  const places = Array.from({ length: count }, () => replay.places[random(replay.places.length)])
  return (places as number[]).sort((a, b) => a - b)
}

function fillImage(fill: (image: string) => void): string {
  const folder = mkdtempSync(join(scratch, 'cassfs-cut-'))
  try {
    fill(folder)
    startAgain(folder)
    return folder
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** The machine has been started anew since; and the room that is kept aside is kept. */
function startAgain(image: string): void {
  const paths = readdirSync(image, { recursive: true }).map(String)
  for (const path of paths.filter((path) => path.endsWith('/state.json'))) {
    const text = readFileSync(join(image, path), 'utf8')
    writeFileSync(join(image, path), text.replace(bootId(), newUuid()))
  }
  // Set aside behind the data file only, whose name is on disk by then.
  if (!paths.includes('store/data.mdb')) return
  writeFileSync(join(image, 'store/reserve'), '')
  truncateSync(join(image, 'store/reserve'), reserveBytes)
}

const checkersMax = 2
const failuresMax = 10
const imagesEach = 300

/** Checks images in a process of its own, which is replaced when it dies, and now and then. */
class Checker {
  readonly #setting: Setting
  #child: ChildProcess | undefined
  #count = 0

  constructor(setting: Setting) {
    this.#setting = setting
  }

  /** The image is gone afterwards. */
  async check(image: string): Promise<CheckAnswer> {
    try {
      return await this.#ask({ folder: image, setting: this.#setting })
    } finally {
      rmSync(image, { recursive: true, force: true })
    }
  }

  end(): void {
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }

  async #ask(order: CheckOrder): Promise<CheckAnswer> {
    if (this.#count++ % imagesEach === 0) this.end()
    this.#child ??= fork(checkProgram, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const child = this.#child
    child.send(order)
    const answer = await new Promise<CheckAnswer | string>((resolve) => {
      child.once('message', (answer) => resolve(answer as CheckAnswer))
      child.once('exit', (code, signal) => resolve(`${signal ?? code}`))
    })
    child.removeAllListeners()
    if (typeof answer !== 'string') return answer
    this.#child = undefined
    const wrong = [`the process that opened it ended: ${answer}`]
    return { found: undefined, wrong, warnings: [], isAbsent: false }
  }
}

/** A recorded session in a folder of its own, for the length of `body`. */
export async function withRecorded<T>(
  session: Session,
  body: (recorded: Recorded) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'cassfs-power-'))
  try {
    return await body(await record(session, folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
