// Group commit: queued changes become one entry of the log. Every change is checked here once more,
// against the committed state and the changes before it in the same batch: names and inodes may have
// changed since it was queued.

import { Errno, FsError } from '../posix/errno.js'
import type { Commit } from '../store/store.js'
import type { Head } from '../volume/head.js'
import { encodeJournalNumber } from '../volume/journal-number.js'
import { EntryKind, type LogEntry } from '../volume/log-entry.js'
import { RecordKind, type Uuid } from '../volume/record.js'
import type { Committed } from './committed.js'
import type { Member } from './member.js'
import { Overlay, type Usage, withUsage } from './overlay.js'
import { mayBeDone } from './pending.js'
import type { Protocol } from './protocol.js'
import { namedHashChanges, type RecordWrite } from './records.js'
import type { Redelivered } from './redelivered.js'
import { NotLoaded, PrepareAgain, type Rules } from './replica.js'
import { type InodeStep, type Step, stepOf } from './step.js'

export interface BatchContext<Intent> {
  readonly volume: Uuid
  readonly owner: Uuid
  readonly rules: Rules<Intent>
  readonly protocol: Protocol
  readonly redelivered: Redelivered
  readonly newUuid: () => Uuid
  readonly changesMax: number
  readonly bytesMax: number
  /** Of a batch in which every change was answered early. */
  readonly earlyChangesMax: number
  readonly earlyBytesMax: number
  /** Journals that hold nothing more: their records go with the next entry. */
  readonly staleJournals: () => readonly Uuid[]
  /** What a change does that stands as it was answered: nothing else has changed since. */
  readonly answeredStep: (member: Member<Intent>) => Step | undefined
  /** The head of the next entry, with what it does to the write lease. */
  readonly headOf: (head: Head, seq: number, kind: EntryKind) => Head
}

export interface Batch<Intent> {
  readonly members: readonly Member<Intent>[]
  readonly commit: Commit
  /** How much more is used after it. */
  readonly added: Usage
  /** Journals whose records go with it. */
  readonly stale: readonly Uuid[]
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
  /** Nothing behind this one can be looked at before it is ready: it has been answered already. */
  readonly blocked: Unprepared<Intent> | undefined
  /** How many of the queue this is. */
  readonly count: number
}

/**
 * The next batch from the front of `queue`. Where its first member stands as it was answered, so do all that
 * follow: it ends at the first that has to be looked at again.
 */
export function takeBatch<Intent>(
  committed: Committed,
  queue: readonly Member<Intent>[],
  context: BatchContext<Intent>,
): Taken<Intent> {
  const draft = new BatchDraft(committed, context)
  const decided: Member<Intent>[] = []
  const unprepared: Unprepared<Intent>[] = []
  let count = 0
  const result = (): Taken<Intent> => ({
    batch: draft.finish(),
    decided,
    unprepared,
    blocked: undefined,
    count,
  })
  const areAsAnswered = queue[0] !== undefined && context.answeredStep(queue[0]) !== undefined
  for (const member of queue) {
    const answered = context.answeredStep(member)
    if ((answered !== undefined) !== areAsAnswered) break
    if (draft.isFull(member) || context.rules.isStored?.(member.intent) === false) break
    count++
    if (member.settled) continue
    const step = answered ? draft.addAnswered(member, answered) : draft.add(member)
    if (step === 'decided') decided.push(member)
    if (!(step instanceof PrepareAgain)) continue
    if (!member.isEarly) unprepared.push({ member, missed: step })
    else return { ...result(), blocked: { member, missed: step }, count: count - 1 }
  }
  return result()
}

class BatchDraft<Intent> {
  readonly #committed: Committed
  readonly #context: BatchContext<Intent>
  readonly #overlay: Overlay
  readonly #members: Member<Intent>[] = []
  readonly #writes: RecordWrite[] = []
  readonly #inodes = new Map<number, InodeStep>()
  /** Of journals: up to which number their changes are committed. */
  readonly #numbers = new Map<Uuid, number>()
  #bytes = 0
  #added: Usage = { bytes: 0, inodes: 0 }

  constructor(committed: Committed, context: BatchContext<Intent>) {
    this.#committed = committed
    this.#context = context
    this.#overlay = new Overlay(committed)
  }

  /** Has no room for `member`. */
  isFull({ isEarly }: Member<Intent>): boolean {
    const { changesMax, bytesMax, earlyChangesMax, earlyBytesMax } = this.#context
    const count = this.#members.length
    // Nobody waits for it: fewer, larger entries are cheaper for everybody.
    if (isEarly) return count >= earlyChangesMax || this.#bytes >= earlyBytesMax
    return count >= changesMax || this.#bytes >= bytesMax
  }

  add(member: Member<Intent>): 'member' | 'decided' | PrepareAgain {
    if (this.#isCommitted(member)) {
      member.verdict = { kind: 'done', value: undefined }
      return 'decided'
    }
    const step = this.#apply(member)
    if (step instanceof PrepareAgain) return step
    // Without a change before it in this batch, what it saw is committed: its verdict stands. One that
    // stands in a journal needs an entry, so that nobody tries it once more.
    if (!step && this.#members.length === 0 && !member.journaled) return 'decided'
    this.#members.push(member)
    if (step) this.#collect(member, step)
    return 'member'
  }

  addAnswered(member: Member<Intent>, step: Step): 'member' {
    member.verdict = { kind: 'done', value: undefined }
    this.#members.push(member)
    this.#collect(member, step)
    return 'member'
  }

  finish(): Batch<Intent> | undefined {
    if (this.#members.length === 0) return undefined
    const stale = this.#context.staleJournals()
    return {
      members: this.#members,
      commit: this.#commit(stale),
      added: this.#added,
      stale,
    }
  }

  /** A batch of it, sent by this process or by the one before, has arrived after all. */
  #isCommitted({ isEarly, journaled }: Member<Intent>): boolean {
    return isEarly && journaled !== undefined && journaled.number <= this.#number(journaled.journal)
  }

  /** By a process before this one, whose commit has only arrived now. */
  #isDone({ answers, isInherited }: Member<Intent>): boolean {
    return !isInherited && this.#context.redelivered.find(answers) !== undefined
  }

  #number(journal: Uuid): number {
    let number = this.#numbers.get(journal)
    if (number === undefined) {
      number = this.#committed.journalNumber(journal)
      this.#numbers.set(journal, number)
    }
    return number
  }

  /** Undefined: its check failed, or it changes nothing. */
  #apply(member: Member<Intent>): Step | undefined | PrepareAgain {
    const { rules } = this.#context
    const overlay = this.#overlay
    overlay.begin()
    member.begins = []
    try {
      if (!mayBeDone(member, overlay, this.#context.protocol)) throw lostRace()
      const value = this.#isDone(member)
        ? rules.replyAgain?.(member.intent, overlay)
        : rules.apply(member.intent, overlay)
      const step = overlay.endWith((touched) => stepOf(overlay, touched))
      member.verdict = { kind: 'done', value }
      return step
    } catch (error) {
      overlay.rollback()
      if (error instanceof PrepareAgain && mayWait(member, error)) return error
      member.verdict = { kind: 'failed', error }
      return undefined
    }
  }

  #collect(member: Member<Intent>, { writes, bytes, inodes, begins, added }: Step): void {
    for (const write of writes) this.#writes.push(write)
    this.#bytes += bytes
    for (const step of inodes) {
      const before = this.#inodes.get(step.ino)
      this.#inodes.set(step.ino, before ? { ...step, before: before.before } : step)
    }
    this.#added = {
      bytes: this.#added.bytes + added.bytes,
      inodes: this.#added.inodes + added.inodes,
    }
    member.begins = begins
  }

  /** Those lost among its members are never to be done either; a number never goes back. */
  #journalWrites(stale: readonly Uuid[]): RecordWrite[] {
    const numbers = new Map<Uuid, number>()
    for (const { journaled } of this.#members)
      if (journaled) {
        const { journal, number } = journaled
        numbers.set(journal, Math.max(number, numbers.get(journal) ?? this.#number(journal)))
      }
    return journalWrites(numbers, stale)
  }

  #commit(stale: readonly Uuid[]): Commit {
    const { volume, owner, protocol, newUuid, headOf } = this.#context
    const before = this.#committed.head
    const seq = before.seq + 1
    const request = newUuid()
    const entry: LogEntry = {
      seq,
      kind: EntryKind.change,
      request,
      previousRequest: before.request,
      head: headOf({ ...withUsage(before, this.#added), seq, request }, seq, EntryKind.change),
      ...protocol.merge([...this.#writes, ...this.#journalWrites(stale)]),
      answers: this.#members.flatMap(({ answers, verdict }) =>
        answers && verdict?.kind === 'done' ? [answers] : [],
      ),
    }
    const expect = { seq: before.seq, request: before.request }
    const isAnswered = this.#members.some(({ isEarly }) => isEarly)
    const named = namedHashChanges(this.#inodes.values())
    return { volume, owner, expect, entry, ...named, isAnswered }
  }
}

/** How far journals are committed now; of the stale ones nothing more is known. */
function journalWrites(numbers: ReadonlyMap<Uuid, number>, stale: readonly Uuid[]): RecordWrite[] {
  const key = { kind: RecordKind.journal, parent: 0 }
  const gone = stale.map((name) => ({ ...key, name, value: undefined }))
  const known = [...numbers].map(([name, number]) => ({
    ...key,
    name,
    value: encodeJournalNumber(number),
  }))
  return [...gone, ...known]
}

/** One that was answered early is what it is: only what is not loaded yet can be waited for. */
function mayWait<Intent>({ isEarly }: Member<Intent>, missed: PrepareAgain): boolean {
  return !isEarly || missed instanceof NotLoaded
}

function lostRace(): FsError {
  return new FsError(Errno.EIO, 'another mount has changed the same since')
}

/** An entry that changes the lease, and lets go of stale journals, and nothing else. */
export function leaseBatch<Intent>(
  context: BatchContext<Intent>,
  before: Head,
  kind: EntryKind,
): Batch<Intent> {
  const { volume, owner, newUuid, headOf, staleJournals, protocol } = context
  const seq = before.seq + 1
  const request = newUuid()
  const stale = staleJournals()
  const entry: LogEntry = {
    seq,
    kind,
    request,
    previousRequest: before.request,
    head: headOf({ ...before, seq, request }, seq, kind),
    ...protocol.merge(journalWrites(new Map(), stale)),
    answers: [],
  }
  const expect = { seq: before.seq, request: before.request }
  const commit: Commit = { volume, owner, expect, entry, begins: [], ceases: [] }
  return { members: [], commit, added: { bytes: 0, inodes: 0 }, stale }
}
