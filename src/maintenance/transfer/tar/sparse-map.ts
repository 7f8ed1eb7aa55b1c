// Where the bytes of a sparse file belong: the four ways in which tar archives say it (GNU tar manual,
// "Storing Sparse Files"). What is written is the last of them, format 1.0.

import type { Extent } from '../entry.js'
import type { ByteSource } from './byte-source.js'
import { blockBytes, damaged, number, paddingOf } from './header.js'
import { decodeWhole, type PaxRecord } from './pax.js'

export interface SparseFile {
  /** With its holes. */
  readonly size: number
  /** In the order of their offsets; their bytes follow on one another in the archive. */
  readonly extents: readonly Extent[]
  /** Of the member's bytes, so many were the map itself. */
  readonly mapBytes: number
}

const extentsMax = 1_000_000
const lineBytesMax = 32

/** The map of a header of type `S`, which goes on in blocks of its own. */
export async function readOldMap(source: ByteSource, header: Buffer): Promise<SparseFile> {
  const extents: Extent[] = []
  takeRows(header, 386, 4, extents)
  for (let isMore = header[482] !== 0; isMore; ) {
    const block = await source.exactly(blockBytes)
    if (block.length < blockBytes) throw damaged('it ends in the map of a sparse file')
    takeRows(block, 0, 21, extents)
    isMore = block[504] !== 0
  }
  return { size: number(header, [483, 12]), extents, mapBytes: 0 }
}

function takeRows(block: Buffer, start: number, rows: number, extents: Extent[]): void {
  for (let at = start; at < start + rows * 24 && block[at] !== 0; at += 24)
    extents.push({ offset: number(block, [at, 12]), length: number(block, [at + 12, 12]) })
  checkCount(extents.length)
}

/** Of an extended header: undefined where the member is none. Reads the map where it is with the bytes. */
export async function readPaxMap(
  source: ByteSource,
  records: readonly PaxRecord[],
): Promise<SparseFile | undefined> {
  const values = (keyword: string) =>
    records.filter(([each]) => each === `GNU.sparse.${keyword}`).map(([, value]) => value)
  const [major] = values('major')
  const [size] = [...values('realsize'), ...values('size')]
  if (size === undefined) return undefined
  if (major !== undefined && Number(major) >= 1) {
    if (major !== '1') throw damaged('a sparse file in a format that is not known')
    return { size: decodeWhole(size), ...(await readMapBefore(source)) }
  }
  const [map] = values('map')
  const numbers = map === undefined ? interleaved(values) : map.split(',').map(decodeWhole)
  return { size: decodeWhole(size), extents: pairs(numbers), mapBytes: 0 }
}

function interleaved(values: (keyword: string) => string[]): number[] {
  const lengths = values('numbytes').map(decodeWhole)
  return values('offset').flatMap((offset, at) => [decodeWhole(offset), lengths[at] ?? 0])
}

/** Lines of decimal numbers, the first says how many pairs follow; filled up to a whole block. */
async function readMapBefore(source: ByteSource): Promise<Omit<SparseFile, 'size'>> {
  let [text, mapBytes] = ['', 0]
  const next = async (): Promise<number> => {
    for (;;) {
      const end = text.indexOf('\n')
      if (end >= 0) {
        const line = text.slice(0, end)
        text = text.slice(end + 1)
        return decodeWhole(line)
      }
      if (text.length > lineBytesMax) throw damaged('the map of a sparse file')
      const block = await source.exactly(blockBytes)
      if (block.length < blockBytes) throw damaged('it ends in the map of a sparse file')
      mapBytes += blockBytes
      text += block.toString('latin1')
    }
  }
  const count = await next()
  checkCount(count)
  const numbers: number[] = []
  for (let left = 2 * count; left > 0; left--) numbers.push(await next())
  return { extents: pairs(numbers), mapBytes }
}

function pairs(numbers: readonly number[]): Extent[] {
  if (numbers.length % 2 !== 0) throw damaged('the map of a sparse file')
  const extents: Extent[] = []
  for (let at = 0; at < numbers.length; at += 2)
    extents.push({ offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 })
  return extents
}

function checkCount(count: number): void {
  if (count > extentsMax) throw damaged('a sparse file in more than a million parts')
}

/** In order, within the file, and with as many bytes as the archive has for it. */
export function checkMap({ size, extents, mapBytes }: SparseFile, stored: number): void {
  let end = 0
  let bytes = mapBytes
  for (const { offset, length } of extents) {
    if (offset < end || length < 0) throw damaged('the map of a sparse file is out of order')
    end = offset + length
    bytes += length
  }
  if (end > size || bytes !== stored) throw damaged('the map of a sparse file does not fit it')
}

/** The map in front of the bytes, whole blocks; its last pair is the end of the file. */
export function encodeMap(extents: readonly Extent[], size: number): Buffer {
  const rows = [...extents, { offset: size, length: 0 }]
  const lines = [rows.length, ...rows.flatMap(({ offset, length }) => [offset, length])]
  const text = lines.map((line) => `${line}\n`).join('')
  return Buffer.concat([Buffer.from(text), Buffer.alloc(paddingOf(text.length))])
}
