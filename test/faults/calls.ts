// What a program asks of a volume, by names in its root; and the bytes that it writes.

import { O_CREAT, O_TRUNC, O_WRONLY } from '../../src/posix/open-flags.js'
import type { Handle, Vfs } from '../../src/vfs/vfs.js'
import { rootIno } from '../../src/volume/inode.js'
import { makeContent } from '../support/tree.js'
import { close, root } from '../vfs/test-vfs.js'

const contentsMade = new Map<string, Buffer>()

/** The same bytes for the same seed and length; made once. */
export function bytesOf(seed: number, size: number): Buffer {
  const key = `${seed} ${size}`
  const made = contentsMade.get(key) ?? makeContent(seed, size)
  contentsMade.set(key, made)
  return made
}

/** A volume in one process, and what is open in it. */
export class Calls {
  readonly vfs: Vfs
  readonly #open = new Map<string, { handle: Handle; ino: number }>()

  constructor(vfs: Vfs) {
    this.vfs = vfs
  }

  async ino(name: string): Promise<number> {
    const inode = await this.vfs.lookup(root, rootIno, name)
    if (!inode) throw new Error(`there is no ${name}`)
    return inode.ino
  }

  handle(name: string): Handle {
    const open = this.#open.get(name)
    if (!open) throw new Error(`${name} is not open`)
    return open.handle
  }

  async open(name: string, flags: number): Promise<void> {
    const made = await this.vfs.create(root, rootIno, name, 0o644, flags | O_CREAT)
    this.#open.set(name, { handle: made.handle, ino: made.inode.ino })
  }

  async openNameless(key: string): Promise<void> {
    const made = await this.vfs.tmpfile(root, rootIno, 0o600, O_WRONLY)
    this.#open.set(key, { handle: made.handle, ino: made.inode.ino })
  }

  async name(key: string, name: string): Promise<void> {
    await this.vfs.link(root, this.#open.get(key)?.ino ?? 0, rootIno, name)
  }

  async write(name: string, offset: number, data: Buffer, append = false): Promise<void> {
    await this.vfs.write(root, this.handle(name), offset, data, { append })
  }

  async sync(name: string): Promise<void> {
    await this.vfs.fsync(root, this.handle(name), false)
  }

  async close(name: string): Promise<void> {
    await close(this.vfs, this.handle(name))
  }

  async release(name: string): Promise<void> {
    await this.vfs.release(root, this.handle(name))
  }

  /** A file of so many bytes. */
  async file(name: string, size: number): Promise<void> {
    await this.open(name, O_WRONLY | O_TRUNC)
    if (size > 0) await this.write(name, 0, bytesOf(size + 1, size))
    await this.close(name)
  }

  async mkdir(name: string): Promise<void> {
    await this.vfs.mkdir(root, rootIno, name, 0o755)
  }

  async rename(from: string, to: string, flags = 0): Promise<void> {
    await this.vfs.rename(root, rootIno, from, rootIno, to, flags)
  }
}
