// The number of the last transaction of an LMDB environment, read from the memory that its processes share
// (lock.mdb; `mtb_txnid` in LMDB's mdb.c, where a new reader takes its snapshot's number from): whether anybody
// has committed anything is asked at every answer, and a read transaction for that costs a hundred times as much.
//
// The file stays open for as long as the environment: closing any descriptor of it would take the locks with
// which LMDB tells others that this process lives (fcntl(2)), and they would take its snapshots for a dead one's.

import { closeSync, fstatSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { type MemoryMap, mapFile } from '../../native/memory-map.js'

const magic = 0xbeef_c0de
const mappedBytes = 64

export class LastTransaction {
  readonly #fd: number | undefined
  readonly #map: MemoryMap | undefined
  #words: Uint32Array | undefined

  /** The environment in `directory` is open. */
  constructor(directory: string) {
    try {
      // Where it cannot be had, every look is a read transaction: nothing but slower.
      this.#fd = openSync(join(directory, 'lock.mdb'), 'r')
      if (fstatSync(this.#fd).size >= mappedBytes) this.#map = mapFile(this.#fd, mappedBytes)
    } catch {
      return
    }
    const words = this.#map && new Uint32Array(this.#map.bytes)
    if (words?.[0] === magic) this.#words = words
  }

  /** Undefined: it cannot be told. */
  get number(): number | undefined {
    const words = this.#words
    return words && (words[2] as number) + (words[3] as number) * 2 ** 32
  }

  /** The environment has been closed. */
  close(): void {
    this.#words = undefined
    this.#map?.close()
    if (this.#fd !== undefined) closeSync(this.#fd)
  }
}
