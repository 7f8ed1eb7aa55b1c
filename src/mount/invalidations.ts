// Tells the kernel what it may no longer believe, as the vfs says it. Which notification fits which
// change, and why each is sent a second time, is in the comments; the queue and its thread are the
// protocol's (src/fuse/notify.ts).

import type { Notifier } from '../fuse/notify.js'
import { Errno } from '../posix/errno.js'
import type { Invalidation } from '../vfs/vfs.js'
import type { Clock } from '../volume/clock.js'

/** With more changed names than this, all names are looked up anew when next used. */
const namesMax = 256

/**
 * A reply that was on its way to the kernel when the notification was sent may be taken in after it; so
 * it is repeated when every such reply has arrived.
 */
const repeatAfterMs = 1000

export interface Invalidations {
  invalidate(invalidation: Invalidation): void
  /**
   * Resolves when the kernel has dropped the pages of `ino`: true; or when it is not known whether or when it will:
   * false, also later on, until it is told of `ino` anew. Undefined: there is nothing to wait for.
   */
  settled(ino: number): Promise<boolean> | undefined
  close(): void
}

/** `notifier` answers undefined before the mount is ready and after its end. */
export function createInvalidations(
  notifier: () => Notifier | undefined,
  clock: Clock,
): Invalidations {
  const outstanding = new Map<number, Promise<boolean>>()
  const repeats = new Set<() => void>()

  function send(target: Notifier, { names, inodes, reloaded }: Invalidation): void {
    // The listing that the kernel keeps of a directory is its content.
    for (const parent of new Set(names.map((name) => name.parent))) dropInode(target, parent, true)
    if (reloaded || names.length > namesMax) void dropAllNames(target, names)
    else for (const name of names) void dropName(target, name)
    for (const { ino, content } of inodes) dropInode(target, ino, content)
  }

  function dropInode(target: Notifier, ino: number, content: boolean): void {
    const dropped = target.invalInode(ino, content ? 0 : -1).then((errno) => {
      const isDropped = errno === 0 || errno === Errno.ENOENT
      if (isDropped && outstanding.get(ino) === dropped) outstanding.delete(ino)
      return isDropped
    })
    if (content) outstanding.set(ino, dropped)
  }

  return {
    invalidate(invalidation) {
      const target = notifier()
      if (!target) return
      send(target, invalidation)
      const cancel = clock.setTimer(repeatAfterMs, () => {
        repeats.delete(cancel)
        const later = notifier()
        if (later) send(later, invalidation)
      })
      repeats.add(cancel)
    },
    settled: (ino) => outstanding.get(ino),
    close() {
      for (const cancel of repeats) cancel()
      repeats.clear()
    },
  }
}

type ChangedName = Invalidation['names'][number]

/**
 * INVAL_ENTRY on a directory detaches what is mounted beneath it; EXPIRE_ONLY has the name looked up
 * again instead. A kernel before 7.38 does not know that: there the name lives out its lifetime.
 */
function dropName(target: Notifier, { parent, name, directory }: ChangedName): Promise<number> {
  return directory ? target.expireEntry(parent, name) : target.invalEntry(parent, name)
}

async function dropAllNames(target: Notifier, names: readonly ChangedName[]): Promise<void> {
  const errno = await target.incEpoch()
  if (errno !== Errno.ENOSYS) return
  for (const name of names) await dropName(target, name)
}
