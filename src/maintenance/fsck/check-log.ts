// The log of a volume: every entry that remains can be read and follows on the one before, up to the head.

import type { Row, Snapshot, Store, VolumeRow } from '../../store/store.js'
import { FormatError } from '../../volume/format-error.js'
import type { Head } from '../../volume/head.js'
import type { LogEntry } from '../../volume/log-entry.js'
import type { Uuid } from '../../volume/record.js'
import type { Report } from './finding.js'

const pageSize = 200
/** Looked for one by one behind an entry that cannot be read. */
const skippedMax = 1000

interface Logged {
  readonly seq: number
  readonly entry: Row<LogEntry>
}

/** Of an embedded engine, which keeps all of it from `row.logFirst` on. */
export function checkFrozenLog(
  snapshot: Snapshot,
  volume: Uuid,
  head: Head,
  row: VolumeRow | undefined,
  report: Report,
): void {
  const chain = new Chain(report)
  for (const logged of snapshot.log(volume)) {
    const expected = chain.last === undefined ? row?.logFirst : chain.last + 1
    if (expected !== undefined && logged.seq !== expected)
      report.finding({
        check: 'log',
        message:
          logged.seq > expected
            ? missing(expected, logged.seq - 1)
            : `the log: entry ${logged.seq} stands before the first, ${expected}`,
      })
    chain.add(logged)
  }
  const end = chain.last ?? (row ? row.logFirst - 1 : head.seq)
  chain.end(head, end)
}

/** What can be seen of it on another machine; the oldest entries expire there. */
export async function checkLiveLog(
  store: Store,
  volume: Uuid,
  head: Head,
  report: Report,
): Promise<void> {
  const chain = new Chain(report)
  let after = 0
  while (after < head.seq) {
    const page = await readPage(store, volume, after)
    if (page.length === 0) break
    for (const logged of page) {
      if (logged.seq > head.seq) break
      await tellGap(store, volume, chain.last, logged.seq, report)
      chain.add(logged)
    }
    after = page.at(-1)?.seq ?? head.seq
    report.progress('log entries', chain.count)
  }
  chain.end(head, chain.last ?? head.seq)
}

/** A quorum may show an entry before the one before it: what is missing is asked for again. */
async function tellGap(
  store: Store,
  volume: Uuid,
  last: number | undefined,
  seq: number,
  report: Report,
): Promise<void> {
  if (last === undefined || seq === last + 1) return
  const again = await readPage(store, volume, last)
  if (again[0]?.seq === last + 1) return
  report.finding({ check: 'log', message: missing(last + 1, seq - 1) })
}

function missing(first: number, last: number): string {
  return `the log: entries ${first} to ${last} are missing`
}

async function readPage(store: Store, volume: Uuid, after: number): Promise<Logged[]> {
  try {
    const entries = await store.readLog(volume, after, pageSize)
    return entries.map((entry) => ({ seq: entry.seq, entry }))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return readOneByOne(store, volume, after)
  }
}

/** Up to the first that cannot be read, which is the one behind the last that can. */
async function readOneByOne(store: Store, volume: Uuid, after: number): Promise<Logged[]> {
  const found: Logged[] = []
  for (let seq = after; seq < after + skippedMax; seq++) {
    try {
      const [entry] = await store.readLog(volume, seq, 1)
      if (!entry) return found
      found.push({ seq: entry.seq, entry })
      seq = entry.seq - 1
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      found.push({ seq: seq + 1, entry: error })
      return found
    }
  }
  return found
}

class Chain {
  readonly #report: Report
  #before: LogEntry | undefined
  last: number | undefined
  count = 0

  constructor(report: Report) {
    this.#report = report
  }

  add({ seq, entry }: Logged): void {
    const before = this.#before
    this.count++
    this.last = seq
    this.#before = undefined
    if (entry instanceof Error) this.#tell(`entry ${seq}: ${entry.message}`)
    if (entry === undefined || entry instanceof Error) return
    this.#before = entry
    if (entry.seq !== seq) this.#tell(`entry ${seq} says that it is ${entry.seq}`)
    else if (before && entry.seq === before.seq + 1 && entry.previousRequest !== before.request)
      this.#tell(`entry ${seq} does not follow on the one before it`)
  }

  end(head: Head, last: number): void {
    if (last < head.seq) this.#tell(`it ends with entry ${last}, and the head says ${head.seq}`)
    if (last > head.seq) this.#tell(`it goes on to entry ${last}, and the head says ${head.seq}`)
    const newest = this.#before
    if (newest?.seq === head.seq && newest.request !== head.request)
      this.#tell(`the head does not follow on entry ${head.seq}`)
  }

  #tell(what: string): void {
    this.#report.finding({ check: 'log', message: `the log: ${what}` })
  }
}
