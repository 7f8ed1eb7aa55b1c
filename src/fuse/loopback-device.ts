// A connection without a kernel: frames are fed by hand and replies are handed back, each as the
// bytes that would have been written. For tests, and for a handler used within the process.

import { Connection, type ConnectionOptions } from './connection.js'
import type { ReplyFrame } from './wire/reply-frame.js'
import type { RequestFrame } from './wire/request-frame.js'

export class LoopbackDevice {
  readonly connection: Connection
  /** Every reply so far, in the order of sending. */
  readonly replies: Buffer[] = []
  /** What the next replies are refused with, 0 for none of them. */
  refuseErrno = 0
  #waiting: (() => void)[] = []
  #frame: RequestFrame | undefined

  constructor(options: Omit<ConnectionOptions, 'send'>) {
    this.connection = new Connection({ ...options, send: (reply) => this.#take(reply) })
  }

  /** Hands over one request, as read(2) would have given it. */
  feed(bytes: Uint8Array): void {
    const frame = this.#frame ?? this.connection.takeFrame()
    frame.bytes.set(bytes)
    this.#frame = this.connection.handle(frame, bytes.length) ? frame : undefined
  }

  /** Waits until there are `count` replies in all. */
  async untilReplies(count: number): Promise<Buffer[]> {
    while (this.replies.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    return this.replies
  }

  /** Feeds a request that is answered at once, and gives back the reply. */
  exchange(bytes: Uint8Array): Buffer | undefined {
    const before = this.replies.length
    this.feed(bytes)
    return this.replies[before]
  }

  #take(reply: ReplyFrame): number {
    if (this.refuseErrno !== 0) return this.refuseErrno
    this.replies.push(Buffer.concat([reply.head.subarray(0, reply.headSize), ...reply.data]))
    for (const resolve of this.#waiting.splice(0)) resolve()
    return 0
  }
}
