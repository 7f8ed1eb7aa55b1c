// The pages of a data file, read as bytes of a file and not by LMDB, which trusts them: every page of every tree,
// and of the tree of free pages, says which page it is, of which kind, and keeps what it holds within itself.
// Layout as lmdb-js builds LMDB (mdb.c: MDB_page, MDB_node, MDB_db).

import { closeSync, openSync, readSync } from 'node:fs'
import { newestMeta } from './data-file.js'

const flagsAt = 18
const lowerAt = 20
const headerBytes = 24
const nodeHeaderBytes = 8
const Flag = { branch: 1, leaf: 2, overflow: 4 } as const
const NodeFlag = { bigData: 1, subData: 2 } as const
const dbBytes = 48
const rootAt = 40
const noPage = 0xffff_ffff_ffff_ffffn
const heightMax = 32

/**
 * What is wrong with the file's pages, at most one sentence for each. What it finds is true as long as a snapshot
 * is open that is no newer: pages are not used again then. `onPage` hears how many were looked at.
 */
export function* checkPages(path: string, onPage: (count: number) => void): Generator<string> {
  const fd = openSync(path, 'r')
  try {
    yield* new Walk(fd, path, onPage).run()
  } finally {
    closeSync(fd)
  }
}

class Walk {
  readonly #fd: number
  readonly #path: string
  readonly #onPage: (count: number) => void
  readonly #seen = new Set<number>()
  #pageBytes = 0
  #lastPage = 0

  constructor(fd: number, path: string, onPage: (count: number) => void) {
    this.#fd = fd
    this.#path = path
    this.#onPage = onPage
  }

  *run(): Generator<string> {
    const meta = newestMeta(this.#path)
    if (!meta) return
    this.#pageBytes = meta.pageBytes
    this.#lastPage = meta.lastPage
    for (const root of meta.roots) yield* this.#tree(root, 0)
  }

  *#tree(root: bigint, height: number): Generator<string> {
    if (root === noPage) return
    const number = Number(root)
    if (number > this.#lastPage || height > heightMax || this.#seen.has(number)) {
      yield `page ${root} stands where it cannot`
      return
    }
    this.#seen.add(number)
    this.#onPage(this.#seen.size)
    const page = this.#read(number)
    const fault = page ? faultOf(page, number) : 'is not there'
    if (!page || fault) {
      yield `page ${number} ${fault}`
      return
    }
    const isBranch = (page.readUInt16LE(flagsAt) & Flag.branch) !== 0
    for (const node of nodesOf(page))
      yield* isBranch
        ? this.#tree(childOf(page, node), height + 1)
        : this.#value(page, node, height)
  }

  /** A value may be a tree of its own, or stand on pages of its own. */
  *#value(page: Buffer, node: number, height: number): Generator<string> {
    const flags = page.readUInt16LE(node + 4)
    const length = page.readUInt16LE(node) + page.readUInt16LE(node + 2) * 0x1_0000
    const data = node + nodeHeaderBytes + page.readUInt16LE(node + 6)
    if (flags & NodeFlag.bigData) {
      const number = Number(page.readBigUInt64LE(data))
      const first = number <= this.#lastPage ? this.#read(number) : undefined
      if (!first || Number(first.readBigUInt64LE(0)) !== number)
        yield `page ${number}, of a large value, is another one`
      else if ((first.readUInt16LE(flagsAt) & Flag.overflow) === 0)
        yield `page ${number} is not of a large value`
    } else if (flags & NodeFlag.subData && length === dbBytes)
      yield* this.#tree(page.readBigUInt64LE(data + rootAt), height + 1)
  }

  #read(number: number): Buffer | undefined {
    const page = Buffer.allocUnsafe(this.#pageBytes)
    const read = readSync(this.#fd, page, 0, page.length, number * this.#pageBytes)
    return read === page.length ? page : undefined
  }
}

function faultOf(page: Buffer, number: number): string | undefined {
  if (Number(page.readBigUInt64LE(0)) !== number) return 'says that it is another one'
  const flags = page.readUInt16LE(flagsAt) & 0x3f
  if (flags !== Flag.branch && flags !== Flag.leaf) return `is of no kind that it can be (${flags})`
  const [lower, upper] = [page.readUInt16LE(lowerAt), page.readUInt16LE(lowerAt + 2)]
  if (lower % 2 !== 0 || lower > upper || headerBytes + upper > page.length)
    return 'has no true bounds'
  for (const node of nodesOf(page)) {
    if (node + nodeHeaderBytes > page.length) return 'has an entry beyond its end'
    const isLeaf = flags === Flag.leaf
    const key = page.readUInt16LE(node + 6)
    const isBig = isLeaf && (page.readUInt16LE(node + 4) & NodeFlag.bigData) !== 0
    const length = page.readUInt16LE(node) + page.readUInt16LE(node + 2) * 0x1_0000
    const data = isBig ? 8 : isLeaf ? length : 0
    if (node + nodeHeaderBytes + key + data > page.length) return 'has an entry beyond its end'
  }
  return undefined
}

/** Where its entries are; everything counts from behind the header. */
function nodesOf(page: Buffer): number[] {
  const count = page.readUInt16LE(lowerAt) >> 1
  return Array.from(
    { length: count },
    (_, i) => headerBytes + page.readUInt16LE(headerBytes + 2 * i),
  )
}

/** 48 bits: two halves of a length, and the flags. */
function childOf(page: Buffer, node: number): bigint {
  const low = page.readUInt16LE(node) + page.readUInt16LE(node + 2) * 0x1_0000
  return BigInt(low) + (BigInt(page.readUInt16LE(node + 4)) << 32n)
}
