// What the log has changed, as paths: for whoever watches a volume. The kernel is told otherwise
// (invalidations.ts): of what it remembers, and by inode.

import { isDirectory } from '../posix/mode.js'
import type { Namespace } from '../replica/namespace.js'
import type { ForeignChange } from '../replica/replica.js'
import { rootIno } from '../volume/inode.js'
import type { Name } from '../volume/name.js'

export interface LoggedChange {
  /**
   * `name`: the path leads to another file than before, or to none, or did not exist. `inode`: the bytes or
   * attributes of what it leads to have changed. `unknown`: something has changed, and where is not known,
   * because the volume is still being loaded; the path is the root's.
   */
  readonly kind: 'name' | 'inode' | 'unknown'
  /** From the root; begins with a slash. */
  readonly path: Name
}

/**
 * Told once for each path, in no order. What is beneath a directory that came, went or moved is told by that
 * directory's name alone; a directory in which a name changed has not changed itself.
 */
export function loggedChanges(
  change: ForeignChange,
  now: Namespace,
  isLoading: boolean,
): LoggedChange[] {
  const directories = new Set<number>()
  const renamed = new Set<number>()
  const named: LoggedChange[] = []
  let isMissing = false
  for (const { parent, name, after } of change.names) {
    directories.add(parent)
    renamed.add(after)
    const path = pathOf(now, parent)
    if (path === undefined) isMissing = true
    else named.push({ kind: 'name', path: join(path, name) })
  }
  const changed: LoggedChange[] = []
  for (const { ino } of change.inodes) {
    if (renamed.has(ino) || directories.has(ino)) continue
    const inode = now.inode(ino)
    if (!inode) continue
    const paths = pathsOf(now, ino, isDirectory(inode))
    if (paths.length === 0) isMissing = true
    for (const path of paths) changed.push({ kind: 'inode', path })
  }
  // Else it is gone along with a directory that is told.
  const unknown = isMissing && isLoading ? [{ kind: 'unknown', path: '/' } as const] : []
  return [...unknown, ...named, ...changed]
}

function pathsOf(now: Namespace, ino: number, isDirectory: boolean): Name[] {
  if (isDirectory) {
    const path = pathOf(now, ino)
    return path === undefined ? [] : [path]
  }
  return now.names(ino).flatMap(({ parent, name }) => {
    const path = pathOf(now, parent)
    return path === undefined ? [] : [join(path, name)]
  })
}

/** Of a directory; undefined where it is gone. */
function pathOf(now: Namespace, directory: number): Name | undefined {
  const parts: Name[] = []
  for (let at = directory; at !== rootIno; ) {
    const [place] = now.names(at)
    if (!place) return undefined
    parts.unshift(place.name)
    at = place.parent
  }
  return `/${parts.join('/')}`
}

function join(directory: Name, name: Name): Name {
  return directory === '/' ? `/${name}` : `${directory}/${name}`
}
