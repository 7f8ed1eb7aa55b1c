/** A state folder as mounts leave it, opened as a mount opens it, but for the kernel. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { openJournalFolder } from '../../src/journal/journal-folder.js'
import { tryLock } from '../../src/native/flock.js'
import { O_RDONLY } from '../../src/posix/open-flags.js'
import { openRescue } from '../../src/rescue/rescue.js'
import { aroundStore } from '../../src/store/around-store.js'
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.js'
import type { Store } from '../../src/store/store.js'
import { openCopyFolder } from '../../src/tables/copy-folder.js'
import { openVolume } from '../../src/vfs/open-volume.js'
import type { Vfs } from '../../src/vfs/vfs.js'
import type { EmptyVolume } from '../simulation/empty-volume.js'
import { root } from '../vfs/test-vfs.js'

export interface StateCase {
  readonly stateDir: string
  readonly identity: EmptyVolume
  /** Where the store is; one elsewhere (`remote`) is read by way of a copy in the state folder. */
  readonly store: { readonly directory: string; readonly remote: boolean }
}

export interface Seen {
  /** By path: type, size, links, and what the bytes hash to or why they cannot be read. */
  readonly tree: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
}

const lock = (fd: number) => tryLock(fd, 'exclusive')

/** Opens, reads every file, closes. Rejects as a mount would be refused. */
export async function readState({ stateDir, identity, store }: StateCase): Promise<Seen> {
  const warnings: string[] = []
  const { volume, owner: ownerId, ownerName } = identity
  const tell = (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
    void warnings.push([message, ...Object.values(fields).map(String)].join(' '))
  const logger = { info: () => {}, debug: () => {}, warn: tell, error: tell }
  const opened = await openLmdbStore({ directory: store.directory })
  const used = store.remote ? elsewhere(opened) : opened
  const folder = (name: string) => ({
    directory: join(stateDir, name, volume),
    volume,
    tryLock: lock,
    warn: tell,
  })
  const names = { owner: ownerName, environment: 'prod' }
  try {
    const mounted = await openVolume({
      store: used,
      blocks: used,
      volume,
      ownerId,
      ownerName,
      ...(store.remote ? { copies: openCopyFolder(folder('replica')) } : {}),
      journals: openJournalFolder(folder('journal')),
      rescue: openRescue({ stateDir, volume, ...names, bytesMax: 2 ** 30, logger }),
      spoolDirectory: join(stateDir, 'spool'),
      entryTtlMs: 1000,
      readOnly: false,
      checkPermissions: false,
      logger,
    })
    try {
      const tree: Record<string, string> = {}
      await readDirectory(mounted.vfs, 1, '', tree)
      return { tree, warnings }
    } finally {
      await mounted.close(5000)
    }
  } finally {
    await opened.close()
  }
}

/** What an engine that lives elsewhere offers: no records here. */
function elsewhere(store: Store): Store {
  const { snapshot: _, getBlockSync: __, ...rest } = aroundStore(store, (_method, run) => run())
  return { ...rest, tables: undefined }
}

async function readDirectory(
  vfs: Vfs,
  ino: number,
  path: string,
  tree: Record<string, string>,
): Promise<void> {
  const handle = await vfs.opendir(root, ino)
  const names: string[] = []
  await vfs.readdir(root, handle, 0, ({ name }) => names.push(name) > 0)
  vfs.releasedir(root, handle)
  for (const name of names.sort()) {
    if (name === '.' || name === '..') continue
    const inode = await vfs.lookup(root, ino, name)
    if (!inode) throw new Error(`${path}/${name} is listed and not there`)
    const type = inode.mode & 0o170000
    const bytes = type === 0o100000 ? await digest(vfs, inode.ino) : ''
    tree[`${path}/${name}`] = `${type.toString(8)} ${inode.size} ${inode.nlink} ${bytes}`
    if (type === 0o040000) await readDirectory(vfs, inode.ino, `${path}/${name}`, tree)
  }
}

async function digest(vfs: Vfs, ino: number): Promise<string> {
  const hash = createHash('sha256')
  const handle = await vfs.open(root, ino, O_RDONLY)
  try {
    for (let at = 0; ; ) {
      const bytes = Buffer.concat(await vfs.read(root, handle, at, 1 << 20))
      if (bytes.length === 0) return hash.digest('hex').slice(0, 12)
      hash.update(bytes)
      at += bytes.length
    }
  } catch (error) {
    return `unreadable: ${error instanceof Error ? error.message : String(error)}`
  } finally {
    await vfs.release(root, handle)
  }
}
