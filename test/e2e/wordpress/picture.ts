/** A picture for the upload: a PNG of coloured squares, written byte by byte (PNG 1.2, W3C). */
import { deflateSync, crc32 as zlibCrc32 } from 'node:zlib'
import { createRandom } from '../../support/tree.js'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const BIT_DEPTH = 8
const TRUE_COLOUR = 2
const SQUARE = 16

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(content.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(zlibCrc32(body), body.length + 4)
  return framed
}

/** Width and height in pixels; the same seed gives the same bytes. */
export function makePicture(width: number, height: number, seed: number): Buffer {
  const random = createRandom(seed)
  const columns = Math.ceil(width / SQUARE)
  const rows = Math.ceil(height / SQUARE)
  const colours = Array.from({ length: columns * rows }, () => random(1 << 24))
  const line = 1 + width * 3 // each line begins with its filter type, 0
  const pixels = Buffer.alloc(line * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const square = Math.floor(y / SQUARE) * columns + Math.floor(x / SQUARE)
      pixels.writeUIntBE(colours[square] ?? 0, y * line + 1 + x * 3, 3)
    }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([BIT_DEPTH, TRUE_COLOUR, 0, 0, 0], 8)
  const data = chunk('IDAT', deflateSync(pixels))
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), data, chunk('IEND', Buffer.alloc(0))])
}
