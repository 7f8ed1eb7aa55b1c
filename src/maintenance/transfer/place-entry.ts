// One entry of a source put into a folder: left as it is where it is there already, else made whole and
// then given its name. Folders are the callers' own matter: they are entered.

import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory, isRegular, isSymlink } from '../../posix/mode.js'
import type { Name } from '../../volume/name.js'
import { type Difference, gainsRights, sameAttributes, sameBytes, sameContent } from './compare.js'
import {
  type Content,
  type Entry,
  isDevice,
  isSocket,
  type Piece,
  type PresentEntry,
} from './entry.js'
import type { WritableFolder } from './folder.js'
import { removeTree } from './remove-tree.js'
import type { Transfer } from './transfer.js'

export interface Placing {
  readonly entry: Entry
  /** Undefined: a dry run, and the folder is not there yet. */
  readonly target: WritableFolder | undefined
  readonly name: Name
  /** As it is told. */
  readonly path: Name
  /** Opens the bytes of a regular file: for comparing, and again for writing. */
  readonly content: () => Promise<Content>
  /** It can be opened once: then it is written where bytes were to be compared. */
  readonly isStream?: boolean
}

export class Placer {
  readonly #transfer: Transfer
  /** Which file of the source a file with several names in the target has become. */
  readonly #claims = new Map<string, string>()

  constructor(transfer: Transfer) {
    this.#transfer = transfer
  }

  /** Not a folder. Throws what goes wrong. */
  async place(placing: Placing): Promise<void> {
    const { entry, target, name, path } = placing
    const { counts, options } = this.#transfer
    if (isSocket(entry)) return void counts.sockets++
    if (isDevice(entry) && target && !target.isPrivileged) return void counts.devices++
    const existing = await this.clear(target, name, path)
    const difference = existing ? await this.#compare(placing, existing) : 'content'
    if (difference === 'same') return void counts.unchanged++
    if (existing && difference === 'attributes') {
      if (!options.dryRun) await target?.setAttributes(name, entry, existing)
      counts.attributes++
      return this.#transfer.change('attributes', path)
    }
    if (target && !options.dryRun) await this.#make(placing, target, existing !== undefined)
    else if (isRegular(entry)) counts.bytes += entry.size
    this.#count(entry)
    this.#transfer.change(existing ? 'replace' : 'make', path)
  }

  /** One more name for the file `fromName` of `from`. */
  async link(
    from: WritableFolder,
    fromName: Name,
    { target, name, path }: Pick<Placing, 'target' | 'name' | 'path'>,
  ): Promise<void> {
    const { counts, options } = this.#transfer
    const existing = await this.clear(target, name, path)
    const first = await from.look(fromName)
    if (!first && !options.dryRun) throw new FsError(Errno.ENOENT, 'what it is a link to is absent')
    if (first && isDirectory(first)) throw new FsError(Errno.EPERM, 'a link to a folder')
    if (existing?.identity !== undefined && existing.identity === first?.identity)
      return void counts.unchanged++
    if (!options.dryRun) await target?.link(from, fromName, name, existing !== undefined)
    counts.hardLinks++
    this.#transfer.change(existing ? 'replace' : 'make', path)
  }

  /** What stands under a name, once no folder does any more. ENOTEMPTY, where it may not be removed. */
  async clear(
    target: WritableFolder | undefined,
    name: Name,
    path: Name,
  ): Promise<PresentEntry | undefined> {
    const existing = await target?.look(name)
    if (!target || !existing || !isDirectory(existing)) return existing
    const { options } = this.#transfer
    if (options.otherKinds === 'stay') throw new FsError(Errno.EISDIR, 'a folder is in its place')
    if (options.delete) {
      if (!(await removeTree(target, name, path, this.#transfer))) throw inTheWay()
    } else if (!options.dryRun)
      await target.rmdir(name).catch((error) => {
        throw (error as NodeJS.ErrnoException).code === 'ENOTEMPTY' ? inTheWay() : error
      })
    return undefined
  }

  async #compare(placing: Placing, existing: PresentEntry): Promise<Difference> {
    const { entry, target, path } = placing
    const { compare } = this.#transfer.options
    if (compare === 'never' || !this.#claim(existing, entry.identity ?? `path:${path}`))
      return 'content'
    if (compare === 'bytes' && isRegular(entry) && isRegular(existing)) {
      if (placing.isStream || entry.size !== existing.size) return 'content'
      if (!(await this.#sameBytes(placing))) return 'content'
    } else if (!sameContent(entry, existing)) return 'content'
    if (sameAttributes(entry, existing, target?.isPrivileged ?? true)) return 'same'
    return gainsRights(entry, existing) ? 'content' : 'attributes'
  }

  /** Two files of the source are not one in the target. */
  #claim({ identity }: PresentEntry, claimant: string): boolean {
    if (identity === undefined) return true
    const holder = this.#claims.get(identity)
    if (holder === undefined) this.#claims.set(identity, claimant)
    return holder === undefined || holder === claimant
  }

  async #sameBytes({ entry, target, name, content }: Placing): Promise<boolean> {
    const present = await target?.read(name)
    if (!present) return false
    try {
      const wanted = await content()
      try {
        return await sameBytes(wanted, present, entry.size)
      } finally {
        await wanted.close()
      }
    } finally {
      await present.close()
    }
  }

  async #make(
    { entry, name, content }: Placing,
    target: WritableFolder,
    replace: boolean,
  ): Promise<void> {
    if (!isRegular(entry)) return target.makeSpecial(name, entry, replace)
    const opened = await content()
    try {
      await target.makeFile(name, entry, this.#counted(opened, entry), replace)
    } finally {
      await opened.close()
    }
  }

  /** Fails behind the last piece where these are not the bytes of `entry`: before anything gets the name. */
  async *#counted(content: Content, entry: Entry): AsyncGenerator<Piece> {
    for await (const piece of content.pieces()) {
      this.#transfer.checkSignal()
      yield piece
      this.#transfer.counts.bytes += piece.bytes.length
    }
    if (await content.isChanged(entry)) throw writtenMeanwhile()
  }

  #count(entry: Entry): void {
    const { counts } = this.#transfer
    if (isRegular(entry)) counts.files++
    else if (isSymlink(entry)) counts.links++
    else counts.specials++
  }
}

function inTheWay(): FsError {
  const message = 'a folder that is not empty is in its place; with --delete it is removed'
  return new FsError(Errno.ENOTEMPTY, message)
}

export function writtenMeanwhile(): FsError {
  return new FsError(Errno.EBUSY, 'it was written while it was read; run it again')
}
