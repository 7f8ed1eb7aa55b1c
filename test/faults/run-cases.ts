// For one operation: which calls of the store it makes, what each of its steps leaves, and, with every way in
// which each call can go wrong, whether the next mount finds one of the two.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreMethod } from '../../src/store/around-store.js'
import type { Store } from '../../src/store/store.js'
import { rootIno } from '../../src/volume/inode.js'
import { root, type TestVfs } from '../vfs/test-vfs.js'
import { Calls } from './calls.js'
import { canMeet, type Fault, FaultyLine, faults } from './faulty-line.js'
import { describeTree, Machine } from './machine.js'
import type { Scenario } from './scenarios.js'

export interface Engine {
  /** An empty store, and how to be rid of it. */
  readonly open: () => Promise<{ store: Store; close: () => Promise<void> }>
  readonly writeLease: boolean
  /** A folder for journals. */
  readonly scratch: string
  /** To show that it is noticed. */
  readonly losesJournals?: boolean
}

export interface Case {
  readonly at: number
  readonly method: StoreMethod
  readonly fault: Fault
}

/** How long a process whose line is cut may go on before it is killed: what it answers by then counts. */
const dyingMs = 5
const leaseTriesMax = 50

export interface Dry {
  /** The tree before the first step, and behind each. */
  readonly trees: readonly string[]
  readonly calls: readonly StoreMethod[]
}

/** What happens without a fault. */
export async function dryRun(engine: Engine, scenario: Scenario): Promise<Dry> {
  const trees: string[] = []
  let calls: readonly StoreMethod[] = []
  for (let count = 0; count <= scenario.steps.length; count++) {
    const run = await runSteps(
      engine,
      { ...scenario, steps: scenario.steps.slice(0, count) },
      undefined,
    )
    assert.equal(run.answered, count, `step ${run.answered} fails: ${run.error}`)
    trees.push(run.tree)
    calls = run.calls
  }
  return { trees, calls }
}

export function casesOf({ calls }: Dry): Case[] {
  return calls.flatMap((method, at) =>
    (Object.keys(faults) as Fault[])
      .filter((fault) => canMeet(method, fault))
      .map((fault) => ({ at, method, fault })),
  )
}

/** False where the call was not made this time. Throws AssertionError where the volume is as it must not be. */
export async function runCase(
  engine: Engine,
  scenario: Scenario,
  { trees }: Dry,
  one: Case,
): Promise<boolean> {
  const { answered, begun, tree, calls } = await runSteps(engine, scenario, one)
  const found = trees.lastIndexOf(tree)
  const wanted = `${answered} steps were answered, ${begun} begun; of ${trees.length - 1}`
  assert.ok(
    found >= 0,
    `neither before nor after (${wanted}):\n${tree}\nexpected:\n${trees.join('\n\n')}`,
  )
  const isAllowed = trees.some(
    (each, index) => each === tree && index >= answered && index <= begun,
  )
  assert.ok(isAllowed, `as behind step ${found}, though ${wanted}`)
  return calls.length > one.at
}

interface Run {
  readonly answered: number
  readonly begun: number
  readonly error: unknown
  readonly tree: string
  readonly calls: readonly StoreMethod[]
}

async function runSteps(
  { open, writeLease, scratch, losesJournals = false }: Engine,
  scenario: Scenario,
  fault: Case | undefined,
): Promise<Run> {
  const { store, close } = await open()
  const machine = await Machine.begin(store, writeLease, scratch)
  try {
    const line = new FaultyLine(store)
    const process = await machine.open(line.store)
    const calls = new Calls(process.vfs)
    await scenario.prepare(calls)
    machine.clock.turn(1500)
    machine.clock.isRunning = false
    if (writeLease) await takeLease(process)
    await process.replica.settled()
    line.begin(fault)
    const progress = { answered: 0, begun: 0, error: undefined as unknown }
    const work = takeSteps(machine, process, calls, scenario, progress)
    await Promise.race([work, line.cut.then(() => sleep(dyingMs))])
    const { answered, begun, error } = progress
    line.end()
    await machine.kill(process)
    if (losesJournals) machine.loseJournals()
    const tree = await lookAgain(machine, line)
    return { answered, begun, error, tree, calls: line.calls }
  } finally {
    await machine.end()
    await close()
  }
}

async function takeSteps(
  { clock }: Machine,
  { replica }: TestVfs,
  calls: Calls,
  { steps }: Scenario,
  progress: { answered: number; begun: number; error: unknown },
): Promise<void> {
  try {
    for (const [index, step] of steps.entries()) {
      clock.turn(2000 + index)
      progress.begun++
      await step(calls)
      progress.answered++
    }
    await replica.settled()
  } catch (error) {
    progress.error = error
  }
}

/** What the next process finds, also when what was on its way has arrived, and the one behind it. */
async function lookAgain(machine: Machine, line: FaultyLine): Promise<string> {
  const next = await machine.open(machine.store)
  await line.arrive()
  await next.replica.settled()
  await next.close()
  const last = await machine.open(machine.store)
  return describeTree(last)
}

/** How often it takes depends on the time that commits take: it leaves the same tree however often. */
async function takeLease({ vfs, replica }: TestVfs): Promise<void> {
  const isHolder = (): boolean => replica.status().early.lease === 'held'
  for (let tries = 0; tries < leaseTriesMax && !isHolder(); tries++)
    for (const mode of [0o700, 0o755]) await vfs.setattr(root, rootIno, { mode })
  assert.ok(isHolder(), 'no write lease')
}

const atOnce = 8

export interface Outcome {
  readonly cases: readonly Case[]
  /** Of these, calls that were not made when it came to it. */
  readonly unmet: number
  readonly failures: readonly string[]
}

/** All cases of one operation, several at a time: they wait most of the time. */
export async function runCases(engine: Engine, scenario: Scenario): Promise<Outcome> {
  const dry = await dryRun(engine, scenario)
  const cases = casesOf(dry)
  const failures: string[] = []
  let unmet = 0
  const queue = [...cases]
  const work = async (): Promise<void> => {
    for (let one = queue.shift(); one; one = queue.shift())
      try {
        if (!(await runCase(engine, scenario, dry, one))) unmet++
      } catch (error) {
        const what = error instanceof Error ? error.message : String(error)
        failures.push(`call ${one.at}, ${one.method}, ${one.fault}: ${what}`)
      }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return { cases, unmet, failures }
}
