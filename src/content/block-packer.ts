// Hashes and compresses blocks: small ones at once, large ones in threads, so that the thread that
// answers the kernel is held up by neither. Threads start with the first large block, do not keep the
// process alive while idle, and end with `close`.

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { Errno, FsError } from '../posix/errno.js'
import type { StoredBlock } from '../store/store.js'
import { type BlockKind, compress, packBlock, storedAs } from './block-codec.js'
import type { NamedBlock } from './content.js'
import type { Compressed, Packed, ToCompress, ToPack } from './pack-thread.js'

/** What a pack answers; `plain` is to be used in place of what was handed in. */
export interface PackedBlock {
  readonly plain: Buffer
  readonly block: StoredBlock
}

export interface BlockPacker {
  /**
   * `plain` must be the whole of its memory (allocUnsafeSlow) and is the packer's from now on: it may
   * be moved to a thread.
   */
  pack(plain: Buffer, kind: BlockKind): PackedBlock | Promise<PackedBlock>
  /** Blocks whose names are known; their plain bytes stay as they are. */
  packAll(blocks: readonly NamedBlock[]): readonly StoredBlock[] | Promise<readonly StoredBlock[]>
  /** Ends the threads; blocks under way are rejected. */
  close(): void
}

export interface BlockPackerOptions {
  /** Default: one less than there are processors, 1 to 4. */
  readonly threads?: number
  /**
   * What is above this goes to a thread. 32 KiB of text take 0.15 ms to hash and compress, handing them
   * to a thread and back takes 0.05 to 0.1 ms (bench/content.ts).
   */
  readonly syncBytesMax?: number
}

export function openBlockPacker(options: BlockPackerOptions = {}): BlockPacker {
  return new ThreadedPacker(
    options.threads ?? Math.min(4, Math.max(1, availableParallelism() - 1)),
    options.syncBytesMax ?? 32 * 1024,
  )
}

interface Job {
  readonly resolve: (answer: Packed | Compressed) => void
  readonly reject: (error: Error) => void
}

interface Thread {
  readonly worker: Worker
  /** In the order sent: a thread answers one after the other. */
  readonly jobs: Job[]
}

class ThreadedPacker implements BlockPacker {
  readonly #threadsMax: number
  readonly #syncBytesMax: number
  readonly #threads: Thread[] = []
  #closed = false

  constructor(threadsMax: number, syncBytesMax: number) {
    this.#threadsMax = threadsMax
    this.#syncBytesMax = syncBytesMax
  }

  pack(plain: Buffer, kind: BlockKind): PackedBlock | Promise<PackedBlock> {
    if (plain.length <= this.#syncBytesMax || this.#closed || plain.byteOffset > 0)
      return { plain, block: packBlock(plain, kind) }
    const message: ToPack = { plain: plain as Uint8Array<ArrayBuffer>, kind }
    return this.#ask(message, message.plain.buffer).then((packed) => received(packed as Packed))
  }

  packAll(blocks: readonly NamedBlock[]): readonly StoredBlock[] | Promise<readonly StoredBlock[]> {
    const bytes = blocks.reduce((sum, { plain }) => sum + plain.length, 0)
    if (bytes <= this.#syncBytesMax || this.#closed)
      return blocks.map(({ hash, plain }) => storedAs(hash, plain, compress(plain)))
    const plains = Buffer.allocUnsafeSlow(bytes) as Uint8Array<ArrayBuffer>
    let at = 0
    for (const { plain } of blocks) {
      plains.set(plain, at)
      at += plain.length
    }
    const message: ToCompress = { plains, lengths: blocks.map(({ plain }) => plain.length) }
    return this.#ask(message, plains.buffer).then((answer) =>
      storedBlocks(blocks, answer as Compressed),
    )
  }

  #ask(message: ToPack | ToCompress, memory: ArrayBuffer): Promise<Packed | Compressed> {
    return new Promise((resolve, reject) => {
      const thread = this.#idlest()
      if (thread.jobs.push({ resolve, reject }) === 1) thread.worker.ref()
      thread.worker.postMessage(message, [memory])
    })
  }

  close(): void {
    this.#closed = true
    for (const thread of [...this.#threads]) this.#end(thread, new Error('the packer was closed'))
  }

  #idlest(): Thread {
    const idlest = this.#threads.reduce<Thread | undefined>(
      (best, thread) => (best && best.jobs.length <= thread.jobs.length ? best : thread),
      undefined,
    )
    if (idlest && (idlest.jobs.length === 0 || this.#threads.length >= this.#threadsMax))
      return idlest
    return this.#start()
  }

  #start(): Thread {
    // Options of the program that uses the library are not for this thread: with --input-type it would not start.
    const options = { name: 'pack', execArgv: [] }
    const worker = new Worker(new URL('./pack-thread.js', import.meta.url), options)
    const thread: Thread = { worker, jobs: [] }
    worker.unref()
    worker.on('message', (answer: Packed | Compressed) => {
      const job = thread.jobs.shift()
      if (thread.jobs.length === 0) worker.unref()
      job?.resolve(answer)
    })
    worker.on('error', (cause) => this.#end(thread, startError(cause)))
    worker.on('exit', (code) => this.#end(thread, new Error(`a pack thread ended with ${code}`)))
    this.#threads.push(thread)
    return thread
  }

  /** The next block starts a new thread. */
  #end(thread: Thread, why: Error): void {
    const at = this.#threads.indexOf(thread)
    if (at >= 0) this.#threads.splice(at, 1)
    for (const job of thread.jobs.splice(0)) job.reject(why)
    void thread.worker.terminate()
  }
}

function received({ plain, hash, encoding, data }: Packed): PackedBlock {
  const buffer = bufferOver(plain)
  const block = { hash, length: plain.length, encoding, data: data ? bufferOver(data) : buffer }
  return { plain: buffer, block }
}

function storedBlocks(
  blocks: readonly NamedBlock[],
  { bytes, lengths }: Compressed,
): StoredBlock[] {
  const all = bufferOver(bytes)
  let at = 0
  return blocks.map(({ hash, plain }, i) => {
    const length = lengths[i] ?? 0
    at += length
    return storedAs(hash, plain, length > 0 ? all.subarray(at - length, at) : undefined)
  })
}

function bufferOver(bytes: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** That no thread could be started for want of descriptors is told as such to who writes. */
function startError(cause: unknown): Error {
  const error = cause instanceof Error ? cause : new Error(String(cause))
  const name = /^Worker initialization failure: (EMFILE|ENFILE)$/.exec(error.message)?.[1]
  if (!name) return error
  return new FsError(Errno[name as 'EMFILE' | 'ENFILE'], 'no thread can be started', { cause })
}
