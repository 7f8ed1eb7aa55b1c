// What a change found when it was checked, and whether that is still so. A change that was answered early
// is carried out after another mount has taken the lease only where nobody has touched what it is about:
// else a late `unlink x` would remove the x that somebody else has made since.

import type { Seen } from '../journal/journal.js'
import { compareTimes } from '../volume/clock.js'
import type { Namespace } from './namespace.js'
import type { Touched } from './overlay.js'

/**
 * Of one step. Directories in which names are made or removed are left out: others may change other
 * names in them meanwhile, and that they are still there is checked anyway.
 */
export function seenBy({ inodes, dirents }: Touched): Seen {
  if (dirents.length === 0) return { names: [], inodes: changedBy(inodes, noParents) }
  const parents = new Set<number>()
  const names = new Map<string, Seen['names'][number]>()
  for (const { parent, name, before } of dirents) {
    parents.add(parent)
    const id = `${parent}/${name}`
    if (!names.has(id)) names.set(id, { parent, name, ino: before })
  }
  return { names: [...names.values()], inodes: changedBy(inodes, parents) }
}

const noParents: ReadonlySet<number> = new Set()

function changedBy(inodes: Touched['inodes'], parents: ReadonlySet<number>): Seen['inodes'] {
  const changed: Seen['inodes'][number][] = []
  for (const [ino, before] of inodes)
    if (before && !parents.has(ino)) changed.push({ ino, ctime: before.ctime })
  return changed
}

/** Nothing that was seen has been changed by anybody else. */
export function isStillSo(seen: Seen, now: Namespace): boolean {
  for (const { parent, name, ino } of seen.names)
    if ((now.lookup(parent, name)?.ino ?? 0) !== ino) return false
  for (const { ino, ctime } of seen.inodes) {
    const inode = now.inode(ino)
    if (!inode || compareTimes(inode.ctime, ctime) !== 0) return false
  }
  return true
}
