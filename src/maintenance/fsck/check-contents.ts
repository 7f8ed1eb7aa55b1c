// The bytes of files: every block that an inode or a manifest names is there with the length that is said of it;
// manifests and blocks of extended attributes are read; data is read where asked, or else a sample of it.

import { DamagedBlock, unpackBlock } from '../../content/block-codec.js'
import { contentLength } from '../../content/content-parts.js'
import { decodeManifest, type Manifest, manifestLength } from '../../content/manifest-codec.js'
import type { Row, StoredBlock } from '../../store/store.js'
import { FormatError } from '../../volume/format-error.js'
import type { Hash, Inode } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import { decodeXattrs } from '../../volume/xattr-codec.js'
import type { BlockReader } from './block-reader.js'
import type { Report } from './finding.js'
import { Sample } from './sample.js'

/** Asked for at once: the store bounds how much of that is under way. */
const lengthsAtOnce = 256
/** 8 MiB of the largest. */
const blocksAtOnce = 32
const sampleSize = 1000

interface Need {
  readonly hash: Hash
  readonly length: number
  readonly path: Name
}

interface ManifestNeed extends Need {
  /** Above all that it may hold. */
  readonly height: number
}

export interface ContentsSummary {
  readonly files: number
  /** Different ones. */
  readonly blocks: number
  /** Of these, whose bytes were read. */
  readonly blocksRead: number
}

export class ContentsCheck {
  readonly #reader: BlockReader
  readonly #report: Report
  readonly #readAll: boolean
  /** Found good: about 100 bytes for each block. */
  readonly #good = new Set<string>()
  readonly #sample = new Sample<Need>(sampleSize)
  #lengths: Need[] = []
  #data: Need[] = []
  #manifests: ManifestNeed[] = []
  #xattrs: Need[] = []
  #files = 0
  #read = 0

  constructor(reader: BlockReader, report: Report, readAll: boolean) {
    this.#reader = reader
    this.#report = report
    this.#readAll = readAll
  }

  /** Throws StoreUnavailable. */
  async add(inode: Inode, path: Name): Promise<void> {
    const { content, xattrBlock, size } = inode
    this.#files++
    if (contentLength(content) > size)
      this.#tell(path, `it has ${contentLength(content)} bytes, and its size is ${size}`, 'inode')
    if (xattrBlock) this.#xattrs.push({ ...xattrBlock, path })
    if (content.kind === 'block') this.#need({ ...content, path })
    if (content.kind === 'manifest')
      this.#manifests.push({ ...content, path, height: Number.POSITIVE_INFINITY })
    await this.#work(lengthsAtOnce, blocksAtOnce)
  }

  /** What is left, and the sample. */
  async finish(): Promise<ContentsSummary> {
    await this.#work(1, 1)
    for (const need of this.#sample.picked) {
      this.#data.push(need)
      await this.#work(1, blocksAtOnce)
    }
    await this.#work(1, 1)
    return { files: this.#files, blocks: this.#good.size, blocksRead: this.#read }
  }

  #need(need: Need): void {
    if (this.#good.has(keyOf(need))) return
    if (this.#readAll) this.#data.push(need)
    else this.#lengths.push(need)
  }

  async #work(lengthsMin: number, blocksMin: number): Promise<void> {
    // Manifests first: they bring the others.
    while (this.#manifests.length >= blocksMin) await this.#readManifests()
    while (this.#xattrs.length >= blocksMin) await this.#readXattrs()
    while (this.#data.length >= blocksMin) await this.#readData()
    while (this.#lengths.length >= lengthsMin) await this.#askLengths()
  }

  async #askLengths(): Promise<void> {
    const needs = this.#lengths.splice(0, lengthsAtOnce)
    const lengths = await this.#reader.lengths(needs.map(({ hash }) => hash))
    for (const [i, need] of needs.entries()) {
      const length = lengths[i]
      if (length === undefined) this.#tellAbsent(need, undefined)
      else if (length !== 'there' && length !== need.length)
        this.#tellBlock(need, `has ${length} bytes instead of ${need.length}`)
      else if (!this.#good.has(keyOf(need))) {
        this.#good.add(keyOf(need))
        this.#sample.offer(need)
      }
    }
    this.#report.progress('blocks', this.#good.size)
  }

  async #readData(): Promise<void> {
    const needs = this.#data.splice(0, blocksAtOnce)
    await this.#eachPlain(needs, 'data', () => undefined)
    this.#report.progress('blocks read', this.#read)
  }

  async #readXattrs(): Promise<void> {
    const needs = this.#xattrs.splice(0, blocksAtOnce)
    await this.#eachPlain(needs, 'data', (_need, plain) => {
      decodeXattrs(plain)
    })
  }

  async #readManifests(): Promise<void> {
    const all = this.#manifests.splice(0, blocksAtOnce)
    // What it names was found good with it, or told.
    const needs = all.filter((need) => !this.#good.has(manifestKey(need)))
    // The length of a manifest's own bytes is written nowhere but with them.
    await this.#eachPlain(needs, 'manifest', (need, plain) => {
      this.#take(need, decodeManifest(plain))
    })
  }

  #take(need: ManifestNeed, manifest: Manifest): void {
    const { hash, length, height, path } = need
    const found = manifestLength(manifest)
    if (found !== length)
      this.#tell(path, `manifest ${hash} describes ${found} bytes instead of ${length}`)
    for (const entry of manifest.entries) {
      if (entry.kind === 'block') this.#need({ ...entry, path })
      if (entry.kind !== 'node') continue
      if (entry.height < height) this.#manifests.push({ ...entry, path })
      else this.#tell(path, `manifest ${hash} holds a higher one`)
    }
  }

  /** Bytes that are their name's; asks twice for others, as another replica may have the right ones. */
  async #eachPlain<N extends Need>(
    needs: readonly N[],
    kind: 'data' | 'manifest',
    take: (need: N, plain: Buffer) => void,
  ): Promise<void> {
    if (needs.length === 0) return
    const rows = await this.#reader.blocks(needs.map(({ hash }) => hash))
    for (const [i, need] of needs.entries()) {
      let plain = unpacked(need.hash, rows[i], kind)
      if (plain instanceof DamagedBlock) {
        const [again] = await this.#reader.blocks([need.hash])
        plain = unpacked(need.hash, again, kind)
      }
      if (plain instanceof Error || plain === undefined) this.#tellAbsent(need, plain)
      else if (kind === 'data' && plain.length !== need.length)
        this.#tellBlock(need, `has ${plain.length} bytes instead of ${need.length}`)
      else this.#takeGood(need, plain, kind, take)
    }
  }

  #takeGood<N extends Need>(
    need: N,
    plain: Buffer,
    kind: 'data' | 'manifest',
    take: (need: N, plain: Buffer) => void,
  ): void {
    try {
      take(need, plain)
      this.#read++
      this.#good.add(kind === 'data' ? keyOf(need) : manifestKey(need))
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.#tellBlock(need, `cannot be read: ${error.message}`)
    }
  }

  #tellAbsent(need: Need, why: Error | undefined): void {
    this.#tellBlock(need, why ? `cannot be read: ${why.message}` : 'is missing')
  }

  #tellBlock({ hash, path }: Need, what: string): void {
    this.#tell(path, `block ${hash} ${what}`)
  }

  #tell(path: Name, message: string, check: 'block' | 'inode' = 'block'): void {
    this.#report.finding({ check, path, message })
  }
}

/** A name of 32 characters takes half of what its 64 digits would. */
function keyOf({ hash, length }: Need): string {
  return `${Buffer.from(hash, 'hex').toString('latin1')}${length}`
}

/** Manifests and data have different names anyway; a manifest is looked into once for each length. */
function manifestKey(need: Need): string {
  return `m${keyOf(need)}`
}

function unpacked(hash: Hash, row: Row<StoredBlock>, kind: 'data' | 'manifest'): Row<Buffer> {
  if (row === undefined || row instanceof Error) return row
  try {
    return unpackBlock(hash, row, kind)
  } catch (error) {
    if (error instanceof DamagedBlock) return error
    throw error
  }
}
