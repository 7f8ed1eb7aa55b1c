// Which inodes somebody holds: the kernel by its lookup counts, programs by open handles, this vfs
// while bytes are being saved. An inode that lost its last name while held lives on here (an orphan)
// until nobody holds it. Inodes with names are the replica's; this table does not grow with the volume.

import type { Inode } from '../volume/inode.js'

interface Held {
  /** Lookups that the kernel has not taken back. */
  lookups: number
  /** Open handles and saves under way. */
  uses: number
  /** As it was when its last name went, and as it was changed since. */
  orphan: Inode | undefined
  /** It never had a name (O_TMPFILE): it may still get one. */
  nameless: boolean
}

export class InodeTable {
  readonly #held = new Map<number, Held>()
  readonly #onGone: (ino: number) => void
  #remembered = 0

  /** `onGone` is told when nobody holds an inode any more. */
  constructor(onGone: (ino: number) => void) {
    this.#onGone = onGone
  }

  remember(ino: number, count: number): void {
    const held = this.#entry(ino)
    if (held.lookups === 0) this.#remembered++
    held.lookups += count
  }

  forget(ino: number, count: number): void {
    const held = this.#held.get(ino)
    if (!held || held.lookups === 0) return
    held.lookups = Math.max(0, held.lookups - count)
    if (held.lookups === 0) this.#remembered--
    this.#settle(ino, held)
  }

  isRemembered(ino: number): boolean {
    return (this.#held.get(ino)?.lookups ?? 0) > 0
  }

  isHeld(ino: number): boolean {
    return this.#held.has(ino)
  }

  /** Open, or being saved; not what only the kernel remembers. */
  isUsed(ino: number): boolean {
    return (this.#held.get(ino)?.uses ?? 0) > 0
  }

  use(ino: number): void {
    this.#entry(ino).uses++
  }

  unuse(ino: number): void {
    const held = this.#held.get(ino)
    if (!held) return
    held.uses--
    this.#settle(ino, held)
  }

  /** The inode as its holders see it when the replica has no name for it any more. */
  orphan(ino: number): Inode | undefined {
    return this.#held.get(ino)?.orphan
  }

  /** Where somebody holds the inode, they go on with this. */
  setOrphan(inode: Inode): void {
    const held = this.#held.get(inode.ino)
    if (held) held.orphan = inode
  }

  /** A held inode that no name leads to yet. */
  setNameless(inode: Inode): void {
    const held = this.#held.get(inode.ino)
    if (!held) return
    held.orphan = inode
    held.nameless = true
  }

  isNameless(ino: number): boolean {
    return this.#held.get(ino)?.nameless ?? false
  }

  /** It has got its first name. */
  clearOrphan(ino: number): void {
    const held = this.#held.get(ino)
    if (!held) return
    held.orphan = undefined
    held.nameless = false
  }

  /** Inodes that the kernel knows. */
  get remembered(): number {
    return this.#remembered
  }

  /** What is kept of inodes that may have lost their last name; whether they have, the replica knows. */
  *orphans(): Iterable<Inode> {
    for (const { orphan } of this.#held.values()) if (orphan) yield orphan
  }

  #entry(ino: number): Held {
    let held = this.#held.get(ino)
    if (!held) {
      held = { lookups: 0, uses: 0, orphan: undefined, nameless: false }
      this.#held.set(ino, held)
    }
    return held
  }

  #settle(ino: number, held: Held): void {
    if (held.lookups > 0 || held.uses > 0) return
    this.#held.delete(ino)
    this.#onGone(ino)
  }
}
