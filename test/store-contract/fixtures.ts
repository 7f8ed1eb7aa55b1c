// What the contract's tests are made of: volumes, commits, records, blocks, and the rules by which a
// client makes an unknown outcome certain. They hold on every engine, also on one that fails at random.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  BlockEncoding,
  type CasOutcome,
  type Commit,
  type CommitOutcome,
  type Store,
  type StoredBlock,
  StoreUnavailable,
} from '../../src/store/store.js'
import { type Head, VolumeState } from '../../src/volume/head.js'
import type { Hash, Inode } from '../../src/volume/inode.js'
import { encodeDirent, encodeInode } from '../../src/volume/inode-codec.js'
import { EntryKind } from '../../src/volume/log-entry.js'
import { type Key, RecordKind, type Uuid, type VolumeRecord } from '../../src/volume/record.js'
import { newUuid } from '../../src/volume/uuid.js'

const attemptsMax = 200

/** Where a volume stands, as a client knows it. */
export interface At {
  readonly volume: Uuid
  readonly owner: Uuid
  readonly head: Head
}

export interface Change {
  readonly kind?: EntryKind
  readonly puts?: readonly VolumeRecord[]
  readonly deletes?: readonly Key[]
  readonly begins?: readonly Hash[]
  readonly ceases?: readonly Hash[]
  readonly state?: VolumeState
}

export function newHead(change: Partial<Head> = {}): Head {
  return {
    seq: 0,
    request: newUuid(),
    state: VolumeState.live,
    usedBytes: 0,
    usedInodes: 1,
    quotaBytes: 0,
    quotaInodes: 0,
    ...change,
  }
}

const time = { sec: 1_700_000_000, nsec: 1 }
const plainInode: Omit<Inode, 'ino'> = {
  mode: 0o100644,
  uid: 0,
  gid: 0,
  nlink: 1,
  rdev: 0,
  size: 0,
  atime: undefined,
  mtime: time,
  ctime: time,
  btime: time,
  content: { kind: 'none' },
  target: '',
  xattrs: new Map(),
  xattrBlock: undefined,
  shared: false,
}

export function dirent(parent: number, name: string, ino: number, hash?: Hash): VolumeRecord {
  const content = hash ? ({ kind: 'block', hash, length: 1 } as const) : plainInode.content
  const inode = { ...plainInode, ino, content, size: hash ? 1 : 0 }
  const value = encodeDirent({ ino, type: 0o100000 }, inode)
  return { kind: RecordKind.dirent, parent, name, value }
}

export function inodeRecord(ino: number): VolumeRecord {
  const value = encodeInode({ ...plainInode, ino, shared: true })
  return { kind: RecordKind.inode, parent: ino, name: '', value }
}

export function keyOf({ kind, parent, name }: Key): Key {
  return { kind, parent, name }
}

/** Loads a volume; after a failure another one, as a volume id is used once. */
export async function newVolume(
  store: Store,
  records: readonly VolumeRecord[] = [inodeRecord(1)],
  change: Partial<Head> & { owner?: Uuid } = {},
): Promise<At> {
  const { owner = newUuid(), ...headChange } = change
  const head = newHead(headChange)
  for (let attempt = 0; ; attempt++) {
    const volume = newUuid()
    try {
      await store.firstLoad(volume, owner, [records], head)
      return { volume, owner, head }
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || attempt > attemptsMax) throw error
    }
  }
}

/** The next commit behind `at`. */
export function commitOf(at: At, change: Change = {}): Commit {
  const request = newUuid()
  const seq = at.head.seq + 1
  const state = change.state ?? at.head.state
  return {
    volume: at.volume,
    owner: at.owner,
    expect: { seq: at.head.seq, request: at.head.request },
    entry: {
      seq,
      kind: change.kind ?? EntryKind.change,
      request,
      previousRequest: at.head.request,
      head: { ...at.head, seq, request, state },
      puts: change.puts ?? [],
      deletes: change.deletes ?? [],
      answers: [],
    },
    begins: change.begins ?? [],
    ceases: change.ceases ?? [],
  }
}

type Settled = Exclude<CommitOutcome, { kind: 'unknown' }>

/** The identical commit again until the answer is definite; a refusal by our own entry is success. */
export async function settle(store: Store, commit: Commit): Promise<Settled> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const outcome = await store.commit(commit)
    if (outcome.kind === 'unknown') continue
    if (outcome.kind === 'refused' && attempt > 0 && (await isOurs(store, commit)))
      return { kind: 'applied' }
    return outcome
  }
  return assert.fail(`no definite outcome in ${attemptsMax} attempts`)
}

async function isOurs(store: Store, commit: Commit): Promise<boolean> {
  const [entry] = await store.readLog(commit.volume, commit.expect.seq, 1)
  return entry?.seq === commit.entry.seq && entry.request === commit.entry.request
}

/** Commits a change that must be applied; answers where the volume stands then. */
export async function apply(store: Store, at: At, change: Change = {}): Promise<At> {
  const commit = commitOf(at, change)
  assert.deepEqual(await settle(store, commit), { kind: 'applied' })
  return { ...at, head: commit.entry.head }
}

/** A compare-and-set made certain by reading; `ours` tells what we wrote from what others wrote. */
export async function settleCas<T>(
  attempt: () => Promise<CasOutcome<T>>,
  ours: (present: T | undefined) => boolean,
): Promise<Exclude<CasOutcome<T>, { kind: 'unknown' }>> {
  for (let count = 0; count < attemptsMax; count++) {
    const outcome = await attempt()
    if (outcome.kind === 'unknown') continue
    if (outcome.kind === 'refused' && count > 0 && ours(outcome.present)) return { kind: 'applied' }
    return outcome
  }
  return assert.fail(`no definite outcome in ${attemptsMax} attempts`)
}

/** All records of a volume, in pages of `limit`. */
export async function scanAll(store: Store, volume: Uuid, limit = 100): Promise<VolumeRecord[]> {
  const records: VolumeRecord[] = []
  let after: Key | undefined
  do {
    const page = await store.scan(volume, after, limit)
    assert.ok(page.records.length <= limit, 'a page is no longer than asked for')
    records.push(...page.records)
    after = page.after
  } while (after)
  return records
}

export function sameRecords(actual: readonly VolumeRecord[], expected: readonly VolumeRecord[]) {
  assert.deepEqual(actual.map(readable), expected.map(readable))
}

function readable({ kind, parent, name, value }: VolumeRecord) {
  return { kind, parent, name, value: Buffer.from(value).toString('hex') }
}

let blockCount = 0

/** A block unlike any other. */
export function newBlock(size = 100, refs?: readonly Hash[]): StoredBlock {
  const data = Buffer.alloc(size)
  data.write(`${process.pid} ${Math.random()} ${blockCount++}`)
  const hash = createHash('sha256').update(data).digest('hex')
  return { hash, length: size, encoding: BlockEncoding.plain, data, ...(refs && { refs }) }
}

/** Which of the blocks are there. */
export async function present(store: Store, owner: Uuid, hashes: readonly Hash[]) {
  return (await store.getBlocks(owner, hashes)).map((block) => block !== undefined)
}
