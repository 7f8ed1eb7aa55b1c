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
import { openReplica } from '../../src/replica/open-replica.js'
import type { Replica } from '../../src/replica/replica.js'
import type { ReplicaOptions } from '../../src/replica/replica-options.js'
import type { Store } from '../../src/store/store.js'
import { createVfs } from '../../src/vfs/create-vfs.js'
import type { Intent } from '../../src/vfs/intents/intent.js'
import { createRules } from '../../src/vfs/rules.js'
import type { Caller, Vfs } from '../../src/vfs/vfs.js'
import type { VfsOptions } from '../../src/vfs/vfs-options.js'
import { systemClock } from '../../src/volume/clock.js'
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
    isHeld: (ino) => vfs?.isHeld(ino) ?? false,
    isBusy: () => (vfs?.status().openHandles ?? 0) > 0,
    ...options.replica,
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
      await opened.close()
      clearInterval(keepAlive)
      await replica.close(5000)
      content.close()
      storage.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
