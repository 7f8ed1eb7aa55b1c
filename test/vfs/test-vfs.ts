// A vfs over a real replica, content store and spool on a store in memory, for tests. Two of them over
// one store are two mounts of one volume.

import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContentStore } from '../../src/content/content.js'
import { createSpool } from '../../src/content/create-spool.js'
import { openContentStore } from '../../src/content/open-content-store.js'
import { openSpoolStorage } from '../../src/content/spool-storage.js'
import { FsError } from '../../src/posix/errno.js'
import { O_CREAT, O_RDONLY, O_RDWR, O_TRUNC } from '../../src/posix/open-flags.js'
import { openReplica } from '../../src/replica/open-replica.js'
import type { Replica } from '../../src/replica/replica.js'
import type { ReplicaOptions } from '../../src/replica/replica-options.js'
import type { Store } from '../../src/store/store.js'
import { createVfs } from '../../src/vfs/create-vfs.js'
import type { Intent } from '../../src/vfs/intents/intent.js'
import { createRules } from '../../src/vfs/rules.js'
import type { Caller, Handle, Vfs } from '../../src/vfs/vfs.js'
import type { VfsOptions } from '../../src/vfs/vfs-options.js'
import { systemClock } from '../../src/volume/clock.js'
import type { Inode } from '../../src/volume/inode.js'
import type { Name } from '../../src/volume/name.js'
import { createEmptyVolume, type EmptyVolume } from '../simulation/empty-volume.js'

export interface TestVfs {
  readonly vfs: Vfs
  readonly replica: Replica<Intent>
  readonly content: ContentStore
  readonly identity: EmptyVolume
  close(): Promise<void>
}

export interface TestVfsOptions {
  readonly store: Store
  /** Of an existing volume; else an empty one is made. */
  readonly identity?: EmptyVolume
  readonly vfs?: Partial<VfsOptions>
  readonly replica?: Partial<ReplicaOptions<Intent>>
}

export const root: Caller = { uid: 0, gid: 0, umask: 0o022, pid: 1 }

export function user(uid: number, groups: readonly number[] = [], umask = 0o022): Caller {
  return { uid, gid: uid, groups, umask, pid: uid }
}

export async function openTestVfs(options: TestVfsOptions): Promise<TestVfs> {
  const { store } = options
  // The timers of the layers under test do not keep a process alive.
  const keepAlive = setInterval(() => undefined, 1000)
  const identity = options.identity ?? (await createEmptyVolume(store))
  const content = openContentStore({ store, owner: identity.owner })
  const folder = mkdtempSync(join(tmpdir(), 'cassfs-vfs-'))
  const storage = openSpoolStorage({ directory: folder })
  let vfs: Vfs | undefined
  const replica = await openReplica<Intent>({
    store,
    ...identity,
    rules: createRules(content),
    processId: randomUUID(),
    pins: () => vfs?.pins() ?? [],
    isHeld: (ino) => vfs?.isUsed(ino) ?? false,
    isBusy: () => (vfs?.status().openHandles ?? 0) > 0,
    ...options.replica,
  }).catch((error) => {
    clearInterval(keepAlive)
    throw error
  })
  vfs = createVfs({
    replica,
    content,
    openSpool: () => createSpool(storage),
    clock: systemClock,
    volume: identity.volume,
    checkPermissions: true,
    readOnly: false,
    pollAtOpen: false,
    ...options.vfs,
  })
  const opened = vfs
  return {
    vfs: opened,
    replica,
    content,
    identity,
    async close() {
      try {
        await opened.close()
      } finally {
        clearInterval(keepAlive)
        await replica.close(5000)
        content.close()
        storage.close()
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}

/** Runs `body` over a fresh volume, and closes it whatever happens. */
export async function withVfs(
  options: TestVfsOptions,
  body: (vfs: Vfs, opened: TestVfs) => Promise<void>,
): Promise<void> {
  const opened = await openTestVfs(options)
  try {
    await body(opened.vfs, opened)
  } finally {
    await opened.close()
  }
}

/** For assert.throws and assert.rejects. */
export function isErrno(errno: number): (error: unknown) => boolean {
  return (error) => error instanceof FsError && error.errno === errno
}

export async function readAll(vfs: Vfs, handle: Handle): Promise<string> {
  return Buffer.concat(await vfs.read(root, handle, 0, 1 << 20)).toString('latin1')
}

/** Opens, reads and closes a file by name. */
export async function readFile(vfs: Vfs, parent: number, name: Name): Promise<string | undefined> {
  const inode = await vfs.lookup(root, parent, name)
  if (!inode) return undefined
  const handle = await vfs.open(root, inode.ino, O_RDONLY)
  try {
    return await readAll(vfs, handle)
  } finally {
    await vfs.release(root, handle)
  }
}

/** Makes or replaces a file as a program does: open, write, close. */
export async function writeFile(
  vfs: Vfs,
  parent: number,
  name: Name,
  text: string,
): Promise<Inode> {
  const flags = O_RDWR | O_CREAT | O_TRUNC
  const { inode, handle } = await vfs.create(root, parent, name, 0o644, flags)
  await vfs.write(root, handle, 0, Buffer.from(text, 'latin1'))
  await close(vfs, handle)
  return vfs.getattr(root, inode.ino)
}

export async function close(vfs: Vfs, handle: Handle): Promise<void> {
  try {
    await vfs.flush(root, handle)
  } finally {
    await vfs.release(root, handle)
  }
}

export async function names(vfs: Vfs, ino: number): Promise<string[]> {
  const handle = await vfs.opendir(root, ino)
  const found: string[] = []
  await vfs.readdir(root, handle, 0, ({ name }) => found.push(name) > 0)
  vfs.releasedir(root, handle)
  return found.filter((name) => name !== '.' && name !== '..').sort()
}
