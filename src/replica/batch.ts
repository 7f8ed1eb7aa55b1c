// Group commit: queued changes become one entry of the log. Every change is checked here once more,
// against the committed state and the changes before it in the same batch: names and inodes may have
// changed since it was queued.

import type { Commit } from '../store/store.js'
import type { Inode } from '../volume/inode.js'
import { EntryKind, type LogEntry } from '../volume/log-entry.js'
import type { Uuid } from '../volume/record.js'
import type { Committed } from './committed.js'
import type { Member } from './member.js'
import { Overlay, type Touched, type Usage } from './overlay.js'
import type { Protocol } from './protocol.js'
import { namedHashChanges, type RecordWrite, recordWrites } from './records.js'
import { PrepareAgain, type Rules } from './replica.js'

export interface BatchContext<Intent> {
  readonly volume: Uuid
  readonly owner: Uuid
  readonly rules: Rules<Intent>
  readonly protocol: Protocol
  readonly newUuid: () => Uuid
  readonly changesMax: number
  readonly bytesMax: number
}

export interface Batch<Intent> {
  readonly members: readonly Member<Intent>[]
  readonly commit: Commit
  /** How much more is used after it. */
  readonly added: Usage
}

interface Step {
  readonly touched: Touched
  readonly writes: readonly RecordWrite[]
}

/** A member that has to be prepared anew, and for what. */
export interface Unprepared<Intent> {
  readonly member: Member<Intent>
  readonly missed: PrepareAgain
}

/** What became of the front of the queue. */
export interface Taken<Intent> {
  /** Undefined where nothing is to be committed. */
  readonly batch: Batch<Intent> | undefined
  /** Decided without a commit, because nothing before them in the batch changed anything. */
  readonly decided: readonly Member<Intent>[]
  /** Has to be prepared anew; left out of the batch. */
  readonly unprepared: readonly Unprepared<Intent>[]
  /** How many of the queue this is. */
  readonly count: number
}

export function takeBatch<Intent>(
  committed: Committed,
  queue: readonly Member<Intent>[],
  context: BatchContext<Intent>,
): Taken<Intent> {
  const draft = new BatchDraft(committed, context)
  const decided: Member<Intent>[] = []
  const unprepared: Unprepared<Intent>[] = []
  let count = 0
  for (const member of queue) {
    if (draft.isFull) break
    count++
    if (member.answered) continue
    const step = draft.add(member)
    if (step instanceof PrepareAgain) unprepared.push({ member, missed: step })
    else if (step === 'decided') decided.push(member)
  }
  return { batch: draft.finish(), decided, unprepared, count }
}

class BatchDraft<Intent> {
  readonly #committed: Committed
  readonly #context: BatchContext<Intent>
  readonly #overlay: Overlay
  readonly #members: Member<Intent>[] = []
  readonly #writes: RecordWrite[] = []
  readonly #inodes = new Map<number, Inode | undefined>()
  #bytes = 0

  constructor(committed: Committed, context: BatchContext<Intent>) {
    this.#committed = committed
    this.#context = context
    this.#overlay = new Overlay(committed)
  }

  get isFull(): boolean {
    const { changesMax, bytesMax } = this.#context
    return this.#members.length >= changesMax || this.#bytes >= bytesMax
  }

  add(member: Member<Intent>): 'member' | 'decided' | PrepareAgain {
    const step = this.#apply(member)
    if (step instanceof PrepareAgain) return step
    // Without a change before it in this batch, what it saw is committed: its verdict stands.
    if (!step && this.#members.length === 0) return 'decided'
    this.#members.push(member)
    if (step) this.#collect(member, step)
    return 'member'
  }

  finish(): Batch<Intent> | undefined {
    if (this.#members.length === 0) return undefined
    return { members: this.#members, commit: this.#commit(), added: this.#overlay.added }
  }

  /** Undefined: its check failed, or it changes nothing. */
  #apply(member: Member<Intent>): Step | undefined | PrepareAgain {
    const overlay = this.#overlay
    overlay.begin()
    member.begins = []
    try {
      const value = this.#context.rules.apply(member.intent, overlay)
      const touched = overlay.end()
      const writes = recordWrites(overlay, touched)
      member.verdict = { kind: 'done', value }
      return writes.length > 0 ? { touched, writes } : undefined
    } catch (error) {
      overlay.rollback()
      if (error instanceof PrepareAgain) return error
      member.verdict = { kind: 'failed', error }
      return undefined
    }
  }

  #collect(member: Member<Intent>, { touched, writes }: Step): void {
    for (const write of writes) {
      this.#writes.push(write)
      this.#bytes += 16 + write.name.length + (write.value?.length ?? 0)
    }
    const steps: [Inode | undefined, Inode | undefined][] = []
    for (const [ino, before] of touched.inodes) {
      if (!this.#inodes.has(ino)) this.#inodes.set(ino, before)
      steps.push([before, this.#overlay.inode(ino)])
    }
    member.begins = namedHashChanges(steps).begins
  }

  #commit(): Commit {
    const { volume, owner, protocol, newUuid } = this.#context
    const before = this.#committed.head
    const seq = before.seq + 1
    const request = newUuid()
    const overlay = this.#overlay
    const inodes = [...this.#inodes].map(([ino, inode]) => [inode, overlay.inode(ino)] as const)
    const entry: LogEntry = {
      seq,
      kind: EntryKind.change,
      request,
      previousRequest: before.request,
      head: { ...overlay.head, seq, request },
      ...protocol.merge(this.#writes),
      answers: this.#members.flatMap(({ answers, verdict }) =>
        answers && verdict?.kind === 'done' ? [answers] : [],
      ),
    }
    const expect = { seq: before.seq, request: before.request }
    return { volume, owner, expect, entry, ...namedHashChanges(inodes) }
  }
}

/** Takes the place of a commit whose outcome stays unknown: whoever holds that seq decides it. */
export function voidCommit(commit: Commit, head: LogEntry['head'], request: Uuid): Commit {
  const { seq, previousRequest } = commit.entry
  const entry: LogEntry = {
    seq,
    kind: EntryKind.void,
    request,
    previousRequest,
    head: { ...head, seq, request },
    puts: [],
    deletes: [],
    answers: [],
  }
  return { ...commit, entry, begins: [], ceases: [] }
}
