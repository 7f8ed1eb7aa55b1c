// One page of a directory as it is with pending changes laid over: the entries beneath, without those
// that were removed or replaced, and those that were added, in name order.

import type { Dirent } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import type { NamedDirent, Namespace } from './namespace.js'

/** At most so many entries are read at once for those that are gone: rmdir asks for one of a thousand. */
const hiddenMax = 500

/** `own` holds the directory's changed names; null where the name was removed. */
export function mergeListing(
  base: Namespace,
  own: ReadonlyMap<Name, Dirent | null>,
  parent: number,
  after: Name | undefined,
  limit: number,
): NamedDirent[] {
  const below = untouched(base, own, parent, after, limit)
  const added: NamedDirent[] = []
  for (const [name, dirent] of own)
    if (dirent && (after === undefined || name > after)) added.push({ name, ...dirent })
  if (added.length === 0) return below
  return [...below, ...added].sort(byName).slice(0, limit)
}

/** The first `limit` entries beneath whose names were not changed above. */
function untouched(
  base: Namespace,
  own: ReadonlyMap<Name, Dirent | null>,
  parent: number,
  after: Name | undefined,
  limit: number,
): NamedDirent[] {
  const found: NamedDirent[] = []
  const pageSize = limit + Math.min(own.size, hiddenMax)
  let last = after
  for (;;) {
    const page = base.list(parent, last, pageSize)
    for (const entry of page) if (!own.has(entry.name)) found.push(entry)
    if (page.length < pageSize || found.length >= limit) return found.slice(0, limit)
    last = page[page.length - 1]?.name
  }
}

function byName(a: NamedDirent, b: NamedDirent): number {
  return a.name < b.name ? -1 : 1
}
