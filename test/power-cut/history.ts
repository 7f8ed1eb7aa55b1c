// What programs were answered up to a moment, and which states of their folders a power cut at that moment may
// leave: nothing that fsync answered is lost, of the rest at most the last second, and never an earlier change
// without the later ones.

import { describeState, type Operation, type State, stepsOf } from './steps.js'

export type NoteLine =
  | { readonly kind: 'opened' | 'closed'; readonly ms: number }
  | { readonly kind: 'making'; readonly program: string }
  | { readonly kind: 'made'; readonly program: string; readonly ms: number }
  | { readonly kind: 'begin'; readonly program: string; readonly operation: Operation }
  | { readonly kind: 'done'; readonly program: string; readonly ms: number }

/** A state that a folder was in, or was about to be in. Undefined: it was not there. */
interface Step {
  readonly text: string | undefined
  /** When the operation that leads to it had begun, and was answered: numbers of lines. */
  readonly begun: number
  readonly answered: number
  readonly answeredMs: number
}

interface Program {
  state: State
  readonly steps: Step[]
  operation: { readonly operation: Operation; readonly begun: number } | undefined
  /** The first step that may be found. */
  sure: number
}

/** What is answered only when it is committed: docs/SEMANTICS.md. */
function isCommitted(operation: Operation): boolean {
  if (operation.kind === 'adopt' || operation.kind === 'syncdir') return true
  if (operation.kind === 'setxattr') return operation.size > 4096
  return 'isSynced' in operation && operation.isSynced
}

/** How much later than the second the answer may be noted: the clock is read before it. */
const lateMsMax = 1000
const uncommittedMsMax = 1000

export class History {
  readonly #programs = new Map<string, Program>()
  readonly #writeLease: boolean
  #lines = 0
  #openedMs = 0
  #lastMs = 0

  /** Without the write lease everything that is answered is committed. */
  constructor(writeLease: boolean) {
    this.#writeLease = writeLease
  }

  /** Operations that were answered. */
  answered = 0
  isOpened = false

  add(line: NoteLine): void {
    this.#lines++
    if ('ms' in line) this.#lastMs = line.ms
    if (line.kind === 'begin') this.#begin(line.program, line.operation)
    else if (line.kind === 'making') this.#make(line.program)
    else if (line.kind === 'done') this.#done(line.program, line.ms)
    else if (line.kind === 'made') this.#made(line.program, line.ms)
    else if (line.kind === 'closed') this.#commit(this.#lines)
    else {
      this.isOpened = true
      this.#openedMs = line.ms
    }
  }

  /**
   * Takes what is found of the disk as it is now, perhaps later: a text for each folder, undefined where there is
   * no volume. Answers one sentence for each thing that is wrong.
   */
  judging(): (found: ReadonlyMap<string, string> | undefined) => string[] {
    const { isOpened } = this
    const programs = [...this.#programs].map(([name, { steps, sure }]) => ({
      name,
      steps: [...steps],
      sure,
    }))
    const [nowMs, openedMs] = [this.#lastMs, this.#openedMs]
    return (found) => {
      if (!found) return isOpened ? ['the volume is gone'] : []
      const wrong: string[] = []
      const seen: Seen[] = []
      for (const program of programs) {
        const one = seenAs(program, found.get(program.name))
        if (typeof one === 'string') wrong.push(one)
        else seen.push(one)
      }
      for (const name of found.keys())
        if (!programs.some((program) => program.name === name))
          wrong.push(`${name} was never begun`)
      return [...wrong, ...judgeOrder(seen), ...judgeAge(seen, nowMs, openedMs)]
    }
  }

  #make(name: string): void {
    const begun = this.#lines
    const never = Number.POSITIVE_INFINITY
    const steps: Step[] = [
      { text: undefined, begun: 0, answered: 0, answeredMs: 0 },
      { text: '', begun, answered: never, answeredMs: never },
    ]
    this.#programs.set(name, { state: new Map(), steps, operation: undefined, sure: 0 })
  }

  #made(name: string, answeredMs: number): void {
    const program = this.#program(name)
    const answered = this.#lines
    program.steps[1] = { ...(program.steps[1] as Step), answered, answeredMs }
    if (!this.#writeLease) program.sure = 1
  }

  #begin(name: string, operation: Operation): void {
    const program = this.#program(name)
    const begun = this.#lines
    program.operation = { operation, begun }
    for (const state of stepsOf(program.state, operation)) {
      program.state = state
      const text = describeState(state)
      const answered = Number.POSITIVE_INFINITY
      program.steps.push({ text, begun, answered, answeredMs: answered })
    }
  }

  #done(name: string, answeredMs: number): void {
    const program = this.#program(name)
    const { steps, operation: current } = program
    if (!current) throw new Error(`${name} was answered what it had not begun`)
    const { operation, begun } = current
    const answered = this.#lines
    for (const [index, step] of steps.entries())
      if (step.begun === begun) steps[index] = { ...step, answered, answeredMs }
    this.answered++
    program.operation = undefined
    if (!this.#writeLease) program.sure = steps.length - 1
    else if (isCommitted(operation)) {
      this.#commit(begun)
      // Its rename comes behind the fsync.
      program.sure = steps.length - (operation.kind === 'replace' ? 2 : 1)
    }
  }

  /** Everything that was answered before this line is committed. */
  #commit(before: number): void {
    for (const program of this.#programs.values()) {
      const count = program.steps.findLastIndex(({ answered }) => answered < before)
      program.sure = Math.max(program.sure, count)
    }
  }

  #program(name: string): Program {
    const program = this.#programs.get(name)
    if (!program) throw new Error(`${name} was never made`)
    return program
  }
}

/** A program's folder, as it is found: in which of its steps, at the least and at the most. */
interface Seen {
  readonly name: string
  readonly steps: readonly Step[]
  readonly first: number
  readonly last: number
}

function seenAs(
  { name, steps, sure }: { name: string; steps: readonly Step[]; sure: number },
  text: string | undefined,
): Seen | string {
  const matches = steps.flatMap((step, index) => (step.text === text ? [index] : []))
  const last = matches.at(-1)
  if (last === undefined) return `${name} is as it never was: ${text}`
  if (last < sure) return `${name} is as at step ${last} of ${steps.length - 1}, sure was ${sure}`
  return { name, steps, first: matches.find((index) => index >= sure) ?? last, last }
}

/** What was answered before something began is not missing where that is there. */
function judgeOrder(seen: readonly Seen[]): string[] {
  return seen.flatMap(({ name, steps, last }) => {
    const missing = steps[last + 1]
    if (!missing) return []
    return seen
      .filter(({ steps, first }) => (steps[first]?.begun ?? 0) > missing.answered)
      .map((other) => `${name} lacks a change that was answered before one of ${other.name} began`)
  })
}

function judgeAge(seen: readonly Seen[], nowMs: number, openedMs: number): string[] {
  return seen.flatMap(({ name, steps, last }) => {
    const missing = steps[last + 1]
    if (!missing || !Number.isFinite(missing.answered)) return []
    const ageMs = nowMs - Math.max(missing.answeredMs, openedMs)
    if (ageMs <= uncommittedMsMax + lateMsMax) return []
    return [`${name} lacks a change that was answered ${Math.round(ageMs)} ms before`]
  })
}
