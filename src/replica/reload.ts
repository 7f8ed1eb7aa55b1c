// Gives up what we have of a volume and takes it as it is now, without a moment in which reads would
// find nothing: the new copy is loaded beside the old one, compared with it, then put in its place.

import { Committed } from './committed.js'
import { compareInode, diffNamespaces, nameChange } from './foreign-diff.js'
import { type LoadContext, loadCopy } from './load.js'
import type { Namespace } from './namespace.js'
import type { ForeignChange } from './replica.js'

export interface Reloaded {
  readonly change: ForeignChange
  /** The largest inode number in the old or the new copy, as far as it can be told. */
  readonly highestIno: number
}

interface ReloadContext extends LoadContext {
  readonly committed: Committed
}

/**
 * `onReplaced` is called in the tick in which the new copy takes the place of the old one. Undefined
 * where the volume is gone.
 */
export async function reload(
  context: ReloadContext,
  onReplaced: () => void,
): Promise<Reloaded | undefined> {
  if (context.committed.source.kind === 'shared') return reloadShared(context, onReplaced)
  const tables = await loadCopy(context)
  const head = tables?.head()
  if (!tables || !head) return undefined
  const { committed } = context
  const unpacked = { cacheMax: 1000, clock: context.clock }
  const next = new Committed({ kind: 'copy', tables }, head, unpacked)
  const { change, highestIno } = diffNamespaces(shownBy(committed), next)
  const { source } = committed
  committed.replace({ kind: 'copy', tables }, head)
  onReplaced()
  context.copies.keep(tables)
  if (source.kind === 'copy') context.copies.drop(source.tables)
  return { change, highestIno }
}

/** What may have been shown of a volume, even if not all of it is loaded. */
function shownBy(committed: Committed): Namespace {
  return {
    head: committed.head,
    inode: (ino) => committed.inode(ino),
    lookup: (parent, name) => committed.direntBefore(parent, name) ?? undefined,
    list: (parent, after, limit) => committed.listLoaded(parent, after, limit),
    names: (ino) => committed.names(ino),
    parentOf: (ino) => committed.names(ino)[0]?.parent,
  }
}

/** The engine's own tables are true already; what is known of before is what was shown lately. */
function reloadShared(
  { store, volume, committed }: ReloadContext,
  onReplaced: () => void,
): Reloaded | undefined {
  const tables = store.tables?.(volume)
  const head = tables?.head()
  if (!tables || !head) return undefined
  const shown = committed.shown()
  committed.replace({ kind: 'shared', tables }, head)
  onReplaced()
  const names: ForeignChange['names'][number][] = []
  const inodes: ForeignChange['inodes'][number][] = []
  const removed: ForeignChange['removed'][number][] = []
  let highestIno = 0
  for (const { parent, name, dirent } of shown.dirents) {
    const now = committed.lookup(parent, name)
    if (now?.ino !== dirent?.ino) names.push(nameChange(parent, name, dirent ?? undefined, now))
  }
  for (const inode of shown.inodes) {
    highestIno = Math.max(highestIno, inode.ino)
    compareInode(inode.ino, inode, committed.inode(inode.ino), inodes, removed)
  }
  return { change: { names, inodes, removed, reloaded: true }, highestIno }
}
