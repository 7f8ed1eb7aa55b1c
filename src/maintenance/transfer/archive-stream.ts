// The bytes of an archive, expanded where they are compressed as we can: what it is stands at its beginning.

import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Errno, FsError } from '../../posix/errno.js'

/** How compressed archives begin, and what expands those that are left to other programs. */
const magics: readonly { readonly bytes: readonly number[]; readonly program: string }[] = [
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], program: 'zstd' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], program: 'xz' },
  { bytes: [0x42, 0x5a, 0x68], program: 'bzip2' },
]
const gzipMagic = [0x1f, 0x8b]
const magicBytes = 6

/** Throws FsError EOPNOTSUPP for a compression that is not known here. Errors of `stream` are its own. */
export async function expandArchive(stream: Readable): Promise<Readable> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let head: Buffer = Buffer.alloc(0)
  while (head.length < magicBytes) {
    const { value, done } = await chunks.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  const begins = (magic: readonly number[]) => magic.every((byte, at) => head[at] === byte)
  const other = magics.find(({ bytes }) => begins(bytes))
  if (other) throw unexpanded(other.program)
  const whole = Readable.from(together(head, chunks), { objectMode: false })
  if (!begins(gzipMagic)) return whole
  const expanding = createGunzip()
  // What goes wrong reaches whoever reads the end of it.
  return pipeline(whole, expanding, () => undefined)
}

async function* together(head: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  for (;;) {
    const { value, done } = await chunks.next()
    if (done) return
    yield value
  }
}

function unexpanded(program: string): FsError {
  const message = `it is compressed with ${program}; expand it first: ${program} -dc ARCHIVE | cassfs import -`
  return new FsError(Errno.EOPNOTSUPP, message)
}
