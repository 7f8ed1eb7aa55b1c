// What the kernel is told to drop: changes of other mounts, and saves whose result is not what it was
// shown. Names and inodes that it never asked for are left out.

import type { ForeignChange } from '../replica/replica.js'
import { rootIno } from '../volume/inode.js'
import type { InodeTable } from './inode-table.js'
import type { Invalidation } from './vfs.js'

export class Invalidations {
  readonly #inodes: InodeTable
  readonly #listeners: ((invalidation: Invalidation) => void)[] = []

  constructor(inodes: InodeTable) {
    this.#inodes = inodes
  }

  listen(listener: (invalidation: Invalidation) => void): void {
    this.#listeners.push(listener)
  }

  foreign(change: ForeignChange): void {
    // The kernel never looks the root up, and always has it.
    const known = (ino: number) => ino === rootIno || this.#inodes.isRemembered(ino)
    const names = change.names.filter(({ parent }) => known(parent))
    const removed = change.removed.map(({ ino }) => ({ ino, content: false }))
    const inodes = [...change.inodes, ...removed].filter(({ ino }) => known(ino))
    if (names.length > 0 || inodes.length > 0 || change.reloaded)
      this.#tell({ names, inodes, reloaded: change.reloaded })
  }

  /** The bytes of an inode are not what was shown. */
  content(ino: number): void {
    if (this.#inodes.isRemembered(ino))
      this.#tell({ names: [], inodes: [{ ino, content: true }], reloaded: false })
  }

  #tell(invalidation: Invalidation): void {
    for (const listener of this.#listeners) listener(invalidation)
  }
}
