// The bytes of one file as a disk may have them: what was surely synced, and pages that were written since,
// any of which may have got there, whole or in some of its sectors. A sector has what some moment had of it:
// never an older write over a newer one.

export const pageBytes = 4096
const sectorBytes = 512

/** What one call did to one page. */
interface Piece {
  readonly call: number
  /** Within the page. */
  readonly at: number
  readonly data: Buffer
}

interface Length {
  readonly call: number
  readonly bytes: number
}

/** Decides what of a call got to the disk. */
export interface Chance {
  /** Whether what this call wrote to this page did, or to a sector of it that is torn. */
  isWritten(call: number, page: number, sector: number | undefined): boolean
  /** Whether a page got there in some of its sectors only. */
  isTorn(): boolean
  /** From 0 to count. */
  upTo(count: number): number
}

const empty = Buffer.alloc(0)

export class Pages {
  #synced: Buffer = Buffer.alloc(0)
  #syncedLength = 0
  #length = 0
  readonly #pages = new Map<number, Piece[]>()
  #lengths: Length[] = []

  get length(): number {
    return this.#length
  }

  write(call: number, at: number, data: Buffer): void {
    for (let done = 0; done < data.length; ) {
      const page = Math.floor((at + done) / pageBytes)
      const start = (at + done) % pageBytes
      const bytes = Math.min(pageBytes - start, data.length - done)
      this.#add(page, { call, at: start, data: data.subarray(done, done + bytes) })
      done += bytes
    }
    if (at + data.length > this.#length) this.#setLength(call, at + data.length)
  }

  truncate(call: number, length: number): void {
    for (let at = length; at < this.#length; ) {
      const start = at % pageBytes
      this.#add(Math.floor(at / pageBytes), {
        call,
        at: start,
        data: Buffer.alloc(pageBytes - start),
      })
      at += pageBytes - start
    }
    if (length !== this.#length) this.#setLength(call, length)
  }

  /** What these calls did is on the disk, with all that was done before it to the same pages. */
  sync(calls: ReadonlySet<number>): void {
    for (const [page, pieces] of this.#pages) {
      const count = pieces.findLastIndex(({ call }) => calls.has(call)) + 1
      if (count === 0) continue
      this.#reserve((page + 1) * pageBytes)
      for (const { at, data } of pieces.splice(0, count))
        this.#synced.set(data, page * pageBytes + at)
      if (pieces.length === 0) this.#pages.delete(page)
    }
    const count = this.#lengths.findLastIndex(({ call }) => calls.has(call)) + 1
    if (count > 0) this.#syncedLength = this.#lengths[count - 1]?.bytes ?? 0
    this.#lengths = this.#lengths.slice(count)
  }

  /** What a disk may hold after a power cut. */
  image(chance: Chance): Buffer {
    const count = chance.upTo(this.#lengths.length)
    const length = count === 0 ? this.#syncedLength : (this.#lengths[count - 1]?.bytes ?? 0)
    const image = Buffer.alloc(Math.ceil(length / pageBytes) * pageBytes)
    this.#synced.copy(image, 0, 0, Math.min(this.#synced.length, image.length))
    for (const [page, pieces] of this.#pages)
      if ((page + 1) * pageBytes <= image.length) layPage(image, page, pieces, chance)
    return length === 0 ? empty : image.subarray(0, length)
  }

  #add(page: number, piece: Piece): void {
    const pieces = this.#pages.get(page)
    if (pieces) pieces.push(piece)
    else this.#pages.set(page, [piece])
  }

  #setLength(call: number, bytes: number): void {
    this.#length = bytes
    this.#lengths.push({ call, bytes })
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#synced.length) return
    const larger = Buffer.alloc(Math.max(bytes, 2 * this.#synced.length))
    this.#synced.copy(larger)
    this.#synced = larger
  }
}

function layPage(image: Buffer, page: number, pieces: readonly Piece[], chance: Chance): void {
  const isTorn = chance.isTorn()
  const unitBytes = isTorn ? sectorBytes : pageBytes
  for (let start = 0; start < pageBytes; start += unitBytes) {
    const sector = isTorn ? start / sectorBytes : undefined
    const last = pieces.findLastIndex(({ call }) => chance.isWritten(call, page, sector))
    for (const { at, data } of pieces.slice(0, last + 1)) {
      const [from, to] = [Math.max(at, start), Math.min(at + data.length, start + unitBytes)]
      if (from < to) image.set(data.subarray(from - at, to - at), page * pageBytes + from)
    }
  }
}
