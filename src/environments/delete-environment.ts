// Deletes an environment: nobody may have it mounted; its head is closed for good, so that whoever
// still thinks it has it gets ESTALE; its name becomes free. On the embedded engine its records go
// first, so that their blocks come back at once; elsewhere the rest is the garbage collector's, which
// finds the volume under `<name>@deleting-<id>`.

import { randomUUID } from 'node:crypto'
import { Errno, FsError } from '../posix/errno.js'
import type { Commit, CommitOutcome, EnvironmentEntry, Store } from '../store/store.js'
import { type Head, VolumeState } from '../volume/head.js'
import { EntryKind, type LogEntry } from '../volume/log-entry.js'
import type { Uuid, VolumeRecord } from '../volume/record.js'
import { recordHashes } from '../volume/record-hashes.js'
import { UnknownEnvironment } from './open-environment.js'

const recordsPerCommit = 500
const attemptsMax = 20

/** Throws UnknownEnvironment, FsError EBUSY while somebody has it mounted, EIO. */
export async function deleteEnvironment(
  store: Store,
  owner: string,
  environment: string,
): Promise<void> {
  const entry = await store.readEnvironment(owner, environment)
  const owned = await store.readOwner(owner)
  if (!entry || !owned) {
    const known = (await store.listEnvironments(owner)).map((other) => other.environment)
    throw new UnknownEnvironment(owner, environment, known)
  }
  const sessions = await store.listLeases(`session/${entry.volume}/`)
  if (sessions.length > 0)
    throw new FsError(
      Errno.EBUSY,
      `environment "${environment}" is in use by ${sessions.length} process(es): unmount it first ` +
        '(a killed mount counts for up to a minute)',
    )
  const deleting = { ...entry, state: VolumeState.deleting }
  await mustApply(store.compareAndSetEnvironment(owner, environment, entry, deleting))
  await closeVolume(store, owned.id, entry.volume)
  if (!store.tables) await keepForCollection(store, owner, environment, deleting)
  await mustApply(store.compareAndSetEnvironment(owner, environment, deleting, undefined))
}

async function keepForCollection(
  store: Store,
  owner: string,
  environment: string,
  deleting: EnvironmentEntry,
): Promise<void> {
  const name = `${environment}@deleting-${deleting.volume}`
  await mustApply(store.compareAndSetEnvironment(owner, name, undefined, deleting))
}

async function mustApply(
  outcome: Promise<{ kind: 'applied' } | { kind: 'refused' } | { kind: 'unknown'; cause: Error }>,
): Promise<void> {
  const settled = await outcome
  if (settled.kind === 'applied') return
  throw new FsError(
    settled.kind === 'refused' ? Errno.EBUSY : Errno.EIO,
    settled.kind === 'refused'
      ? 'somebody else changed the environment meanwhile: try again'
      : 'the store gave no clear answer: try again',
    settled.kind === 'unknown' ? { cause: settled.cause } : {},
  )
}

async function closeVolume(store: Store, owner: Uuid, volume: Uuid): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; ) {
    const head = await store.readHead(volume)
    if (!head || head.state === VolumeState.deleting) return
    const records = store.tables
      ? (await store.scan(volume, undefined, recordsPerCommit)).records
      : []
    const outcome = await commitUntilKnown(store, owner, volume, head, records)
    if (outcome.kind !== 'applied') attempt++
  }
  throw new FsError(Errno.EIO, 'the volume could not be closed: others keep changing it')
}

/** Removes `records`, or closes the volume where there are none left to remove. */
async function commitUntilKnown(
  store: Store,
  owner: Uuid,
  volume: Uuid,
  head: Head,
  records: readonly VolumeRecord[],
): Promise<CommitOutcome> {
  const commit = removal(owner, volume, head, records)
  let outcome = await store.commit(commit)
  for (let attempt = 0; outcome.kind === 'unknown' && attempt < attemptsMax; attempt++)
    outcome = await store.commit(commit)
  return outcome
}

function removal(owner: Uuid, volume: Uuid, head: Head, records: readonly VolumeRecord[]): Commit {
  const last = records.length === 0
  const request = randomUUID()
  const entry: LogEntry = {
    seq: head.seq + 1,
    kind: last ? EntryKind.frozen : EntryKind.change,
    request,
    previousRequest: head.request,
    head: {
      ...head,
      seq: head.seq + 1,
      request,
      state: last ? VolumeState.deleting : head.state,
      usedBytes: last ? 0 : head.usedBytes,
      usedInodes: last ? 0 : head.usedInodes,
    },
    puts: [],
    deletes: records.map(({ kind, parent, name }) => ({ kind, parent, name })),
    answers: [],
  }
  const ceases = records.flatMap(recordHashes)
  return {
    volume,
    owner,
    expect: { seq: head.seq, request: head.request },
    entry,
    begins: [],
    ceases,
  }
}
