// A tree copied into a folder: from this machine into a volume, from a volume to this machine, or within
// one. One walk, in order; files are copied at most so many at once; a folder gets its attributes when all
// that is in it is there, because that moves its times.

import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory } from '../../posix/mode.js'
import type { Name } from '../../volume/name.js'
import { sameAttributes } from './compare.js'
import type { Entry } from './entry.js'
import { type Folder, isLeftOver, isTemporary, type WritableFolder } from './folder.js'
import { Placer } from './place-entry.js'
import { removeTree } from './remove-tree.js'
import { Slots } from './slots.js'
import { joined, type Transfer } from './transfer.js'

const filesAtOnceDefault = 16

/**
 * All that is in `source` goes into `target`, which gets its attributes as well. Neither is closed.
 * `target` is undefined in a dry run where it is not there yet. Throws TransferProblem, TransferInterrupted.
 */
export async function copyTree(
  source: Folder,
  target: WritableFolder | undefined,
  transfer: Transfer,
): Promise<void> {
  const copier = new TreeCopier(target, transfer)
  const pair = new OpenPair(source, target, await source.lookHere(), '', [], undefined)
  await copier.run(() => copier.copyFolder(pair))
}

/** One name of `source`, whatever it is, as `targetName` of `target`. Else as copyTree. */
export async function copyEntry(
  source: Folder,
  name: Name,
  target: WritableFolder,
  targetName: Name,
  transfer: Transfer,
): Promise<void> {
  const copier = new TreeCopier(target, transfer)
  const pair = new OpenPair(source, target, undefined, '', [], undefined)
  await copier.run(() => copier.copyName(pair, name, targetName))
}

/** A folder of the source and the one that it becomes, until everything in it is done. */
class OpenPair {
  readonly source: Folder
  readonly target: WritableFolder | undefined
  /** Its attributes, to be given at its end; undefined: it is not to be changed. */
  readonly entry: Entry | undefined
  /** In the source, as it is told. */
  readonly path: Name
  /** In the target: the names that lead there. */
  readonly steps: readonly Name[]
  readonly parent: OpenPair | undefined
  /** The walk through it, files under way, folders in it. */
  pending = 1

  constructor(
    source: Folder,
    target: WritableFolder | undefined,
    entry: Entry | undefined,
    path: Name,
    steps: readonly Name[],
    parent: OpenPair | undefined,
  ) {
    this.source = source
    this.target = target
    this.entry = entry
    this.path = path
    this.steps = steps
    this.parent = parent
    if (parent) parent.pending++
  }
}

/** Where the first name of a file with several was put; false: nowhere. */
interface FirstName {
  readonly steps: readonly Name[]
  readonly isPlaced: Promise<boolean>
}

class TreeCopier {
  readonly #root: WritableFolder | undefined
  readonly #transfer: Transfer
  readonly #placer: Placer
  readonly #slots: Slots
  readonly #firstNames = new Map<string, FirstName>()
  /** Those opened on the way. */
  readonly #open = new Set<OpenPair>()

  constructor(root: WritableFolder | undefined, transfer: Transfer) {
    this.#root = root
    this.#transfer = transfer
    this.#placer = new Placer(transfer)
    this.#slots = new Slots(transfer.options.filesAtOnce ?? filesAtOnceDefault)
  }

  async run(walk: () => Promise<void>): Promise<void> {
    try {
      await walk()
      await this.#slots.drain()
    } finally {
      // What is under way may still use a folder.
      await this.#slots.ended()
      for (const pair of this.#open) closePair(pair)
    }
  }

  /** Walks through a folder; it is done when the last file in it is. */
  async copyFolder(pair: OpenPair): Promise<void> {
    await this.#transfer.guard(pair.path, async () => {
      // Where this fails nothing is known to be gone from the source.
      const names = await pair.source.names()
      for (const name of names) await this.copyName(pair, name, name)
      await this.#clean(pair, new Set(names))
    })
    await this.#leave(pair)
  }

  async copyName(pair: OpenPair, name: Name, targetName: Name): Promise<void> {
    const { pathBytesMax } = this.#transfer.options
    const path = joined(pair.path, name)
    this.#transfer.checkSignal()
    await this.#transfer.guard(path, async () => {
      if (path.length > pathBytesMax) throw new FsError(Errno.ENAMETOOLONG)
      const entry = await pair.source.look(name)
      // Somebody removed it since the names were read.
      if (!entry) return
      if (isDirectory(entry)) return this.#copySubfolder(pair, name, targetName, entry)
      pair.pending++
      await this.#slots.begin(async () => {
        await this.#transfer.guard(path, () => this.#copyFile(pair, name, targetName, entry))
        await this.#leave(pair)
      })
    })
  }

  async #copySubfolder(pair: OpenPair, name: Name, targetName: Name, entry: Entry) {
    const path = joined(pair.path, name)
    const source = await pair.source.enter(name)
    let inner: OpenPair | undefined
    try {
      const target = await this.#enterTarget(pair.target, targetName, path)
      inner = new OpenPair(source, target, entry, path, [...pair.steps, targetName], pair)
      this.#open.add(inner)
    } finally {
      if (!inner) source.close()
    }
    await this.copyFolder(inner)
  }

  /** The folder of that name, made where there is none; what else has the name goes. */
  async #enterTarget(
    target: WritableFolder | undefined,
    name: Name,
    path: Name,
  ): Promise<WritableFolder | undefined> {
    const { options, counts } = this.#transfer
    const existing = await target?.look(name)
    if (existing && isDirectory(existing)) return target?.enter(name)
    if (existing && options.otherKinds === 'stay')
      throw new FsError(Errno.ENOTDIR, 'something that is no folder is in its place')
    counts.folders++
    this.#transfer.change(existing ? 'replace' : 'make', path)
    if (options.dryRun || !target) return undefined
    if (existing) await target.unlink(name)
    await target.makeFolder(name)
    return target.enter(name)
  }

  async #copyFile(pair: OpenPair, name: Name, targetName: Name, entry: Entry): Promise<void> {
    const { target, source } = pair
    const path = joined(pair.path, name)
    const placing = { entry, target, name: targetName, path, content: () => source.read(name) }
    const { identity } = entry
    if (identity === undefined) return this.#placer.place(placing)
    const first = this.#firstNames.get(identity)
    if (first && (await first.isPlaced)) return this.#linkTo(first.steps, placing)
    const placed = this.#placer.place(placing)
    const steps = [...pair.steps, targetName]
    const isPlaced = placed.then(
      () => true,
      () => false,
    )
    this.#firstNames.set(identity, { steps, isPlaced })
    return placed
  }

  async #linkTo(
    steps: readonly Name[],
    placing: { target: WritableFolder | undefined; name: Name; path: Name },
  ): Promise<void> {
    if (!this.#root || !placing.target) return void this.#transfer.counts.hardLinks++
    const entered: WritableFolder[] = []
    try {
      let folder = this.#root
      for (const step of steps.slice(0, -1)) {
        folder = await folder.enter(step)
        entered.push(folder)
      }
      await this.#placer.link(folder, steps.at(-1) ?? '', placing)
    } finally {
      for (const each of entered) each.close()
    }
  }

  /** What the source does not have, and what a killed transfer left. */
  async #clean(pair: OpenPair, names: ReadonlySet<Name>): Promise<void> {
    const { target, path } = pair
    if (!target) return
    for (const name of await target.names()) {
      if (names.has(name)) continue
      const isOwn = isTemporary(name)
      if (!isOwn && !this.#transfer.options.delete) continue
      if (isOwn && !(await isAbandoned(target, name))) continue
      await removeTree(target, name, joined(path, name), this.#transfer)
    }
  }

  /** One thing of a folder is done; with the last one it gets its attributes. */
  async #leave(pair: OpenPair): Promise<void> {
    if (--pair.pending > 0) return
    const { entry, target, path, parent } = pair
    await this.#transfer.guard(path, async () => {
      if (entry && target && !this.#transfer.options.dryRun) await giveOwn(target, entry)
    })
    if (this.#open.delete(pair)) closePair(pair)
    if (parent) await this.#leave(parent)
  }
}

async function giveOwn(target: WritableFolder, entry: Entry): Promise<void> {
  const present = await target.lookHere()
  if (!sameAttributes(entry, present, target.isPrivileged)) await target.setOwnAttributes(entry)
}

async function isAbandoned(target: WritableFolder, name: Name): Promise<boolean> {
  const entry = await target.look(name)
  return entry !== undefined && isLeftOver(name, entry)
}

function closePair({ source, target }: OpenPair): void {
  source.close()
  target?.close()
}
