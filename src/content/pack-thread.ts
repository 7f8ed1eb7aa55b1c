// The thread behind block-packer.ts: takes a block's plain bytes, answers the block; or those of many blocks
// whose names are known, and answers them compressed. Memory is handed over both ways, not copied.

import { parentPort } from 'node:worker_threads'
import type { StoredBlock } from '../store/store.js'
import { type BlockKind, compress, packBlock } from './block-codec.js'

export interface ToPack {
  readonly plain: Uint8Array<ArrayBuffer>
  readonly kind: BlockKind
}

/** `data` undefined: the plain bytes themselves. */
export interface Packed {
  readonly plain: Uint8Array<ArrayBuffer>
  readonly hash: string
  readonly encoding: StoredBlock['encoding']
  readonly data: Uint8Array<ArrayBuffer> | undefined
}

/** Blocks one behind the other. */
export interface ToCompress {
  readonly plains: Uint8Array<ArrayBuffer>
  readonly lengths: readonly number[]
}

/** As ToCompress; length 0: this one is stored as it is. */
export interface Compressed {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly lengths: readonly number[]
}

parentPort?.on('message', (message: ToPack | ToCompress) => {
  if ('plains' in message) compressAll(message)
  else pack(message)
})

function pack({ plain, kind }: ToPack): void {
  const buffer = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength)
  const { hash, encoding, data } = packBlock(buffer, kind)
  const own = data === buffer ? undefined : new Uint8Array(data)
  const packed: Packed = { plain, hash, encoding, data: own }
  const memory = own ? [plain.buffer, own.buffer] : [plain.buffer]
  parentPort?.postMessage(packed, memory)
}

function compressAll({ plains, lengths }: ToCompress): void {
  const blocks: Buffer[] = []
  let at = 0
  for (const length of lengths) {
    blocks.push(compress(Buffer.from(plains.buffer, at, length)) ?? Buffer.alloc(0))
    at += length
  }
  const bytes = new Uint8Array(Buffer.concat(blocks))
  const answer: Compressed = { bytes, lengths: blocks.map(({ length }) => length) }
  parentPort?.postMessage(answer, [bytes.buffer])
}
