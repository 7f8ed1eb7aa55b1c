// The thread behind block-packer.ts: takes a block's plain bytes, answers the block. Both ways the
// memory itself is handed over, not copied.

import { parentPort } from 'node:worker_threads'
import type { StoredBlock } from '../store/store.js'
import { type BlockKind, packBlock } from './block-codec.js'

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

parentPort?.on('message', ({ plain, kind }: ToPack) => {
  const buffer = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength)
  const { hash, encoding, data } = packBlock(buffer, kind)
  const own = data === buffer ? undefined : new Uint8Array(data)
  const packed: Packed = { plain, hash, encoding, data: own }
  const memory = own ? [plain.buffer, own.buffer] : [plain.buffer]
  parentPort?.postMessage(packed, memory)
})
