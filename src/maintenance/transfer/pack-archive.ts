// A tree packed into a tar archive, in the order of its names. The content of small files is read ahead,
// that of large ones as it is written.

import { isDirectory, isRegular } from '../../posix/mode.js'
import type { Name } from '../../volume/name.js'
import { type Content, type Entry, type Extent, isDevice, isSocket, type Piece } from './entry.js'
import type { Folder } from './folder.js'
import { inOrder } from './in-order.js'
import { writtenMeanwhile } from './place-entry.js'
import { encodeMember, endOfArchive } from './tar/encode-member.js'
import { paddingOf } from './tar/header.js'
import { joined, type Transfer } from './transfer.js'

const readAheadBytesMax = 256 << 10
const filesAhead = 16

interface Found {
  readonly entry: Entry
  readonly path: Name
  /** Of a regular file with bytes. */
  readonly open?: (() => Promise<Content>) | undefined
  /** Where its first name is. */
  readonly hardLink?: Name | undefined
}

/** What is to be written of it, with the bytes of a small file; `error`: it cannot be read. */
interface Prepared extends Found {
  readonly extents: readonly Extent[]
  readonly pieces: readonly Piece[]
  /** Its bytes are read while they are written. */
  readonly isLarge: boolean
  readonly error: unknown
}

/** The bytes of the archive. Throws TransferProblem, TransferInterrupted. */
export async function* packArchive(source: Folder, transfer: Transfer): AsyncGenerator<Buffer> {
  const packer = new Packer(transfer)
  let written = 0
  for await (const member of inOrder(walk(source, transfer), filesAhead, prepare)) {
    transfer.checkSignal()
    transfer.path = member.path
    for await (const bytes of packer.pack(member)) {
      written += bytes.length
      yield bytes
    }
  }
  yield endOfArchive(written)
}

async function* walk(source: Folder, transfer: Transfer): AsyncGenerator<Found> {
  yield { entry: await source.lookHere(), path: '.' }
  yield* walkInside(source, '', new Map(), transfer)
}

async function* walkInside(
  folder: Folder,
  path: Name,
  firstNames: Map<string, Name>,
  transfer: Transfer,
): AsyncGenerator<Found> {
  for (const name of await namesOf(folder, path, transfer)) {
    const inner = joined(path, name)
    const { entry, entered } = await lookAt(folder, name, inner, transfer)
    if (!entry) continue
    if (isSocket(entry)) transfer.counts.sockets++
    else if (isDirectory(entry)) {
      yield { entry, path: inner }
      if (!entered) continue
      try {
        yield* walkInside(entered, inner, firstNames, transfer)
      } finally {
        entered.close()
      }
    } else {
      const { identity } = entry
      const hardLink = identity === undefined ? undefined : firstNames.get(identity)
      if (identity !== undefined && hardLink === undefined) firstNames.set(identity, inner)
      const open = isRegular(entry) ? () => folder.read(name) : undefined
      yield { entry, path: inner, hardLink, open }
    }
  }
}

async function namesOf(folder: Folder, path: Name, transfer: Transfer): Promise<readonly Name[]> {
  let names: readonly Name[] = []
  await transfer.guard(path, async () => {
    names = await folder.names()
  })
  return names
}

/** What a name stands for, a folder opened; neither where it is gone, or cannot be read. */
async function lookAt(folder: Folder, name: Name, path: Name, transfer: Transfer) {
  let entry: Entry | undefined
  let entered: Folder | undefined
  await transfer.guard(path, async () => {
    entry = await folder.look(name)
    if (entry && isDirectory(entry)) entered = await folder.enter(name)
  })
  return { entry, entered }
}

async function prepare(found: Found): Promise<Prepared> {
  const { entry, open, hardLink } = found
  const pieces: Piece[] = []
  const prepared = { ...found, extents: [], pieces, isLarge: false, error: undefined }
  if (!open || hardLink !== undefined) return prepared
  if (entry.size > readAheadBytesMax) return { ...prepared, isLarge: true }
  try {
    const content = await open()
    try {
      const extents = await content.extents()
      for await (const { offset, bytes } of content.pieces())
        pieces.push({ offset, bytes: Buffer.from(bytes) })
      if (await content.isChanged(entry)) throw writtenMeanwhile()
      return { ...prepared, extents }
    } finally {
      await content.close()
    }
  } catch (error) {
    return { ...prepared, error }
  }
}

class Packer {
  readonly #transfer: Transfer
  /** Why first names are not in the archive: then no other name can be a link to them. */
  readonly #leftOut = new Map<Name, unknown>()

  constructor(transfer: Transfer) {
    this.#transfer = transfer
  }

  /** The bytes of a member; none of one that cannot be read. */
  async *pack(member: Prepared): AsyncGenerator<Buffer> {
    const { hardLink, isLarge, open } = member
    const error = member.error ?? (hardLink === undefined ? undefined : this.#leftOut.get(hardLink))
    if (error !== undefined) this.#leaveOut(member, error)
    else if (isLarge && open) yield* this.#packLarge(member, open)
    else yield* this.#write(member, member.extents, member.pieces)
  }

  #leaveOut({ path }: Found, error: unknown): void {
    this.#transfer.problem(path, error)
    this.#leftOut.set(path, error)
  }

  async *#packLarge(found: Found, open: () => Promise<Content>): AsyncGenerator<Buffer> {
    let content: Content | undefined
    try {
      let extents: readonly Extent[] = []
      try {
        content = await open()
        if (await content.isChanged(found.entry)) throw writtenMeanwhile()
        extents = await content.extents()
      } catch (error) {
        return this.#leaveOut(found, error)
      }
      yield* this.#write(found, extents, this.#piecesOf(found, content))
    } finally {
      await content?.close()
    }
  }

  /** What goes wrong is told, and ends them: the archive has said already how many bytes come. */
  async *#piecesOf({ entry, path }: Found, content: Content): AsyncGenerator<Piece> {
    try {
      for await (const piece of content.pieces()) {
        this.#transfer.checkSignal()
        yield piece
      }
      if (await content.isChanged(entry)) throw writtenMeanwhile()
    } catch (error) {
      this.#transfer.problem(path, error)
    }
  }

  async *#write(
    found: Found,
    extents: readonly Extent[],
    pieces: Iterable<Piece> | AsyncIterable<Piece>,
  ): AsyncGenerator<Buffer> {
    const { entry, hardLink, path } = found
    const { head, storedBytes } = encodeMember({ path, entry, hardLink, extents })
    yield head
    let done = 0
    for await (const { bytes } of pieces) {
      const part = Buffer.from(bytes.subarray(0, storedBytes - done))
      done += part.length
      this.#transfer.counts.bytes += part.length
      yield part
    }
    for (let missing = storedBytes - done; missing > 0; missing -= zeros.length)
      yield zeros.subarray(0, missing)
    yield Buffer.alloc(paddingOf(storedBytes))
    count(found, this.#transfer)
    this.#transfer.change('make', path)
  }
}

const zeros = Buffer.alloc(1 << 20)

function count({ entry, hardLink }: Found, { counts }: Transfer): void {
  if (hardLink !== undefined) counts.hardLinks++
  else if (isRegular(entry)) counts.files++
  else if (isDirectory(entry)) counts.folders++
  else if (entry.target !== '' && !isDevice(entry)) counts.links++
  else counts.specials++
}
