// A volume over an embedded store in one folder, put together as a mount has it: store, journal, spool, copy,
// rescue. `remote`: the store's tables are hidden, so that the copy on disk is what is read.

import { join } from 'node:path'
import { openEnvironment } from '../../src/environments/open-environment.js'
import { openJournalFolder } from '../../src/journal/journal-folder.js'
import { tryLock } from '../../src/native/flock.js'
import { openRescue } from '../../src/rescue/rescue.js'
import { type LmdbStore, openLmdbStore } from '../../src/store/lmdb/lmdb-store.js'
import type { Store } from '../../src/store/store.js'
import { openCopyFolder } from '../../src/tables/copy-folder.js'
import { type OpenVolume, openVolume } from '../../src/vfs/open-volume.js'
import { VolumeState } from '../../src/volume/head.js'
import type { Uuid } from '../../src/volume/record.js'

export interface Setting {
  /** The copy on disk is read, not the store's tables. */
  readonly isRemote: boolean
  readonly writeLease: boolean
}

export interface OpenFolder {
  readonly store: LmdbStore
  readonly volume: OpenVolume
  readonly identity: { readonly volume: Uuid; readonly ownerId: Uuid }
  /** What was warned of. */
  readonly warnings: string[]
  close(): Promise<void>
}

const [owner, environment] = ['1', 'prod']
const rescueBytesMax = 2 ** 30
const closeMsMax = 10_000

/** As a mount does, which makes the volume. */
export async function openNewFolder(folder: string, setting: Setting): Promise<OpenFolder> {
  const store = await openLmdbStore({ directory: join(folder, 'store') })
  await openEnvironment(store, owner, environment, { uid: 0, gid: 0 })
  return openOver(store, folder, setting)
}

/** Undefined: the volume was never made, or not to its end. */
export async function openFolder(
  folder: string,
  setting: Setting,
): Promise<OpenFolder | undefined> {
  const store = await openLmdbStore({ directory: join(folder, 'store') })
  const entry = await store.readEnvironment(owner, environment)
  if (entry?.state === VolumeState.live) return openOver(store, folder, setting)
  await store.close()
  return undefined
}

async function openOver(
  store: LmdbStore,
  folder: string,
  { isRemote, writeLease }: Setting,
): Promise<OpenFolder> {
  const identity = await openEnvironment(store, owner, environment, undefined)
  const warnings: string[] = []
  const warn = (message: string, fields?: object) => {
    const { error } = (fields ?? {}) as { error?: Error }
    warnings.push(error ? `${message}: ${error.message}` : message)
  }
  const logger = { info() {}, warn, error: warn }
  const { volume } = identity
  const below = (kind: string) => ({
    directory: join(folder, kind, volume),
    volume,
    tryLock: (fd: number) => tryLock(fd, 'exclusive'),
    warn,
  })
  const about = { stateDir: folder, volume, owner, environment, bytesMax: rescueBytesMax }
  const opened = await openVolume({
    store: isRemote ? withoutTables(store) : store,
    blocks: store,
    ...identity,
    ownerName: owner,
    ...(isRemote ? { copies: openCopyFolder(below('replica')) } : {}),
    journals: openJournalFolder(below('journal')),
    writeLease,
    spoolDirectory: join(folder, 'spool'),
    entryTtlMs: 1000,
    readOnly: false,
    checkPermissions: false,
    rescue: openRescue({ ...about, logger }),
    logger,
  })
  const close = async () => {
    await opened.close(closeMsMax)
    await store.close()
  }
  return { store, volume: opened, identity, warnings, close }
}

function withoutTables(store: LmdbStore): Store {
  return new Proxy(store as Store, {
    get(target, name) {
      if (name === 'tables' || name === 'getBlockSync') return undefined
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
