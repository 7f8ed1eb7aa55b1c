// A tree packed into a tar archive, in the order of its names. The content of small files is read ahead,
// that of large ones as it is written.

import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory, isRegular } from '../../posix/mode.js'
import type { Name } from '../../volume/name.js'
import { type Content, type Entry, type Extent, isDevice, isSocket, type Piece } from './entry.js'
import type { Folder } from './folder.js'
import { inOrder } from './in-order.js'
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

/** Its bytes, or what hands them out; `error`: it cannot be read. */
interface Prepared extends Found {
  readonly extents: readonly Extent[]
  readonly pieces: readonly Piece[] | undefined
  readonly error: unknown
}

/** The bytes of the archive. Throws TransferProblem, TransferInterrupted. */
export async function* packArchive(source: Folder, transfer: Transfer): AsyncGenerator<Buffer> {
  let written = 0
  for await (const member of inOrder(walk(source, transfer), filesAhead, prepare)) {
    transfer.checkSignal()
    transfer.path = member.path
    if (member.error !== undefined) transfer.problem(member.path, member.error)
    else
      for await (const bytes of pack(member, transfer)) {
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
  for (const name of await folder.names()) {
    const inner = joined(path, name)
    const entry = await folder.look(name)
    if (!entry) continue
    if (isSocket(entry)) transfer.counts.sockets++
    else if (isDirectory(entry)) {
      yield { entry, path: inner }
      const entered = await folder.enter(name)
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

async function prepare(found: Found): Promise<Prepared> {
  const { entry, open, hardLink } = found
  if (!open || hardLink !== undefined)
    return { ...found, extents: [], pieces: [], error: undefined }
  try {
    const content = await open()
    try {
      const extents = await content.extents()
      if (entry.size > readAheadBytesMax)
        return { ...found, extents, pieces: undefined, error: undefined }
      const pieces: Piece[] = []
      for await (const { offset, bytes } of content.pieces())
        pieces.push({ offset, bytes: Buffer.from(bytes) })
      return { ...found, extents, pieces, error: undefined }
    } finally {
      await content.close()
    }
  } catch (error) {
    return { ...found, extents: [], pieces: [], error }
  }
}

async function* pack(member: Prepared, transfer: Transfer): AsyncGenerator<Buffer> {
  const { entry, extents, hardLink, path } = member
  const { head, storedBytes } = encodeMember({ path, entry, hardLink, extents })
  yield head
  let done = 0
  const counted = (bytes: Uint8Array) => {
    const part = Buffer.from(bytes.subarray(0, storedBytes - done))
    done += part.length
    transfer.counts.bytes += part.length
    return part
  }
  if (member.pieces) for (const { bytes } of member.pieces) yield counted(bytes)
  else if (member.open) {
    const content = await member.open()
    try {
      for await (const { bytes } of content.pieces()) {
        transfer.checkSignal()
        yield counted(bytes)
      }
      if (await content.isChanged()) transfer.problem(path, changed())
    } finally {
      await content.close()
    }
  }
  // The archive has said already how many bytes come.
  for (let missing = storedBytes - done; missing > 0; missing -= zeros.length)
    yield zeros.subarray(0, missing)
  yield Buffer.alloc(paddingOf(storedBytes))
  count(member, transfer)
  transfer.change('make', path)
  if (done < storedBytes) transfer.problem(path, changed())
}

function changed(): FsError {
  return new FsError(Errno.EBUSY, 'it was written while it was read')
}

const zeros = Buffer.alloc(1 << 20)

function count({ entry, hardLink }: Found, { counts }: Transfer): void {
  if (hardLink !== undefined) counts.hardLinks++
  else if (isRegular(entry)) counts.files++
  else if (isDirectory(entry)) counts.folders++
  else if (entry.target !== '' && !isDevice(entry)) counts.links++
  else counts.specials++
}
