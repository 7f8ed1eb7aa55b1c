// From options to an open volume, and back: store, environment, state folder, vfs. What a mount does in
// src/mount/assemble.ts, without a kernel.

import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { NewEnvironment } from '../environments/create-environment.js'
import { openEnvironment } from '../environments/open-environment.js'
import { type MountRescue, openRescue } from '../rescue/rescue.js'
import { createFreeBytes } from '../state/free-bytes.js'
import { openCopies, openJournals, spoolFolder } from '../state/volume-folders.js'
import { checkClock } from '../store/check-clock.js'
import { openStore, type StoreConfig } from '../store/open-store.js'
import type { Store } from '../store/store.js'
import { blockRetries, withRetry } from '../store/with-retry.js'
import { type OpenVolume, openVolume as openVfsVolume } from '../vfs/open-volume.js'
import { newUuid } from '../volume/uuid.js'
import { callsOf } from './calls.js'
import { closeVolume } from './closing.js'
import { KeepAlive } from './keep-alive.js'
import { Losses } from './losses.js'
import { Session } from './session.js'
import type { Volume } from './volume.js'

/** What the volume has to tell that no call's answer can. */
export interface LibraryLogger {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

export interface LibraryOptions {
  readonly store: StoreConfig
  /** Default `1`. */
  readonly owner?: string
  /** Default `prod`. */
  readonly environment?: string
  /** Makes the environment where it is not there; its root belongs to `uid` and `gid`. */
  readonly create?: boolean
  /** Whose permissions are checked, and whose new files are; default root. */
  readonly uid?: number
  readonly gid?: number
  /** Supplementary groups. */
  readonly groups?: readonly number[]
  /** Taken from the mode of what is made; default 0o022. */
  readonly umask?: number
  /** Every change is EROFS. */
  readonly readOnly?: boolean
  /**
   * A local folder (made, 0700) for the journal, for what cannot be stored, and for copies of volumes that are
   * kept elsewhere; may be a mount's `statedir`. Without it every change waits until it is in the store, and what cannot
   * be stored is only reported.
   */
  readonly stateDir?: string
  /**
   * With a state folder: while nobody else writes, changes are answered as soon as they stand in the journal,
   * and committed within about a second. Default true.
   */
  readonly writeLease?: boolean
  /** Closing a file waits for the store even so. */
  readonly durableClose?: boolean
  /** How old other mounts' changes may be, in milliseconds, default 1000; 0: every open asks the store. */
  readonly entryTtlMs?: number
  /** Memory for blocks, in bytes. */
  readonly cacheBytesMax?: number
  /** How much the state folder keeps of what cannot be stored, in bytes; default 1 GiB. */
  readonly rescueBytesMax?: number
  readonly logger?: LibraryLogger
}

const entryTtlMsDefault = 1000
const umaskDefault = 0o022
const rescueBytesDefault = 2 ** 30

/**
 * Opens an environment. FsError ENOENT where there is none, EINVAL where this machine's clock is wrong;
 * StoreUnavailable, StoreUnusable. Close it.
 */
export async function openVolume(options: LibraryOptions): Promise<Volume> {
  const alive = new KeepAlive()
  return alive.during(async () => {
    const store = await openStore(options.store)
    try {
      return await openOnStore(store, options, alive)
    } catch (error) {
      await store.close()
      throw error
    }
  })
}

/** On a store that is open; it is closed with the volume. */
export async function openOnStore(
  store: Store,
  options: LibraryOptions,
  alive = new KeepAlive(),
): Promise<Volume> {
  if (options.stateDir !== undefined)
    await mkdir(options.stateDir, { recursive: true, mode: 0o700 })
  if (!options.readOnly) await checkClock(store)
  const temporary =
    options.stateDir === undefined ? path.join(tmpdir(), `cassfs-${newUuid()}`) : undefined
  const { open, losses } = await openParts(store, options, temporary)
  const { uid = 0, gid = 0, groups = [], umask = umaskDefault } = options
  const caller = { uid, gid, groups: [...groups], umask, pid: process.pid }
  const session = new Session(open.vfs, caller, alive)
  const { readOnly = false } = options
  const parts = { store, open, losses, session, alive, readOnly, temporary }
  return volumeOf(session, () => closeVolume(parts))
}

function volumeOf(session: Session, end: () => Promise<void>): Volume {
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= end()
    return closing
  }
  return {
    ...callsOf(session),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function openParts(
  store: Store,
  options: LibraryOptions,
  temporary: string | undefined,
): Promise<{ open: OpenVolume; losses: Losses }> {
  const { owner = '1', environment = 'prod', stateDir, readOnly = false } = options
  const logger = options.logger ?? silent
  const { volume, ownerId } = await openEnvironment(store, owner, environment, newRoot(options))
  let disk: MountRescue | undefined
  if (stateDir !== undefined && !readOnly) {
    const bytesMax = options.rescueBytesMax ?? rescueBytesDefault
    disk = openRescue({ stateDir, volume, owner, environment, bytesMax, logger })
  }
  const losses = new Losses(disk)
  const entryTtlMs = options.entryTtlMs ?? entryTtlMsDefault
  const open = await openVfsVolume({
    store,
    blocks: withRetry(store, blockRetries),
    volume,
    ownerId,
    ownerName: owner,
    ...(stateDir === undefined || store.tables
      ? {}
      : { copies: openCopies(stateDir, volume, logger) }),
    ...(stateDir === undefined || readOnly
      ? {}
      : { journals: openJournals(stateDir, volume, logger), freeBytes: freeBytesOf(options) }),
    // Who asks the store at every open must not be answered from a journal either.
    writeLease: (options.writeLease ?? true) && entryTtlMs > 0,
    durableClose: options.durableClose ?? false,
    spoolDirectory: temporary ?? spoolFolder(stateDir ?? tmpdir()),
    cacheBytesMax: options.cacheBytesMax,
    entryTtlMs,
    readOnly,
    checkPermissions: true,
    rescue: losses,
    logger,
  })
  return { open, losses }
}

function newRoot({ create, uid = 0, gid = 0 }: LibraryOptions): NewEnvironment | undefined {
  return create ? { uid, gid } : undefined
}

function freeBytesOf({ store, stateDir = '' }: LibraryOptions): () => number | undefined {
  return createFreeBytes(store.engine === 'lmdb' ? [stateDir, store.directory] : [stateDir])
}

const silent: LibraryLogger = { info: () => {}, warn: () => {}, error: () => {} }
