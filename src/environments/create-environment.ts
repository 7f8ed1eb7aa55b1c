// Makes an empty environment: registered as loading under a fresh volume id, then its first records
// and head, then live. A creator that dies on the way leaves a `loading` entry whose volume nobody
// ever opened; whoever comes later takes the name over with a volume id of its own.

import { randomUUID } from 'node:crypto'
import { Errno, FsError } from '../posix/errno.js'
import { S_IFDIR } from '../posix/mode.js'
import type { EnvironmentEntry, Store } from '../store/store.js'
import { systemClock } from '../volume/clock.js'
import { type Head, VolumeState } from '../volume/head.js'
import { type Inode, rootIno } from '../volume/inode.js'
import { encodeInode } from '../volume/inode-codec.js'
import { RecordKind, type Uuid, type VolumeRecord } from '../volume/record.js'
import { checkName } from './environment-name.js'
import { ensureOwner } from './owner.js'

/** How long a `loading` entry is left to its creator. */
const loadingMsMax = 15_000

export interface NewEnvironment {
  /** Owner of the root directory; its mode is 0755. */
  readonly uid: number
  readonly gid: number
  /** 0 = none. */
  readonly quotaBytes?: number
  readonly quotaInodes?: number
}

/** What an open volume is known by. */
export interface VolumeIdentity {
  readonly volume: Uuid
  readonly ownerId: Uuid
}

/** Creates `environment`; throws FsError EEXIST where it is there already, EIO where it is unknown. */
export async function createEnvironment(
  store: Store,
  owner: string,
  environment: string,
  options: NewEnvironment,
): Promise<VolumeIdentity> {
  checkName('environment', environment)
  const { id: ownerId } = await ensureOwner(store, owner)
  const replaced = await replaceableEntry(store, owner, environment)
  const loading: EnvironmentEntry = {
    volume: randomUUID(),
    state: VolumeState.loading,
    homeDataCenter: '',
    createdMs: await store.clockMs(),
  }
  await swapEntry(store, owner, environment, replaced, loading)
  const { record, head } = emptyVolume(options)
  await store.firstLoad(loading.volume, ownerId, [[record]], head)
  await swapEntry(store, owner, environment, loading, { ...loading, state: VolumeState.live })
  return { volume: loading.volume, ownerId }
}

/** Undefined where the name is free, or the abandoned entry to replace; throws EEXIST. */
async function replaceableEntry(
  store: Store,
  owner: string,
  environment: string,
): Promise<EnvironmentEntry | undefined> {
  const entry = await store.readEnvironment(owner, environment)
  if (!entry) return undefined
  const ageMs = (await store.clockMs()) - entry.createdMs
  if (entry.state === VolumeState.loading && ageMs > loadingMsMax) return entry
  throw new FsError(Errno.EEXIST, `environment "${environment}" of owner "${owner}" exists`)
}

/**
 * Registry compare-and-set whose outcome is made certain: volume ids are fresh, so an entry that reads
 * as ours was written by us.
 */
async function swapEntry(
  store: Store,
  owner: string,
  environment: string,
  expect: EnvironmentEntry | undefined,
  next: EnvironmentEntry,
): Promise<void> {
  const outcome = await store.compareAndSetEnvironment(owner, environment, expect, next)
  if (outcome.kind === 'applied') return
  const present =
    outcome.kind === 'refused' ? outcome.present : await store.readEnvironment(owner, environment)
  if (present?.volume === next.volume && present.state === next.state) return
  if (outcome.kind === 'unknown' && present?.volume === expect?.volume)
    throw new FsError(Errno.EIO, `environment "${environment}": the store gave no clear answer`, {
      cause: outcome.cause,
    })
  throw new FsError(
    Errno.EEXIST,
    `environment "${environment}" was made by somebody else meanwhile`,
  )
}

function emptyVolume(options: NewEnvironment): { record: VolumeRecord; head: Head } {
  const now = systemClock.wall()
  const root: Inode = {
    ino: rootIno,
    mode: S_IFDIR | 0o755,
    uid: options.uid,
    gid: options.gid,
    nlink: 2,
    rdev: 0,
    size: 4096,
    atime: undefined,
    mtime: now,
    ctime: now,
    btime: now,
    content: { kind: 'none' },
    target: '',
    xattrs: new Map(),
    xattrBlock: undefined,
    shared: true,
  }
  const head: Head = {
    seq: 0,
    request: randomUUID(),
    state: VolumeState.live,
    usedBytes: 0,
    usedInodes: 1,
    quotaBytes: options.quotaBytes ?? 0,
    quotaInodes: options.quotaInodes ?? 0,
  }
  const key = { kind: RecordKind.inode, parent: rootIno, name: '' }
  return { record: { ...key, value: encodeInode(root) }, head }
}
