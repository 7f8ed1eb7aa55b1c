// /dev/fuse in Node's event loop: woken by poll(2), reads requests until there are none, and where it
// pays (spin.ts) for a moment longer; replies are written at once.

import { IOV_MAX, read, write, writev } from '../native/io.js'
import { type Watch, watchReadable } from '../native/poll.js'
import { Errno } from '../posix/errno.js'
import { Spin, type SpinCounts } from './spin.js'
import type { ReplyFrame } from './wire/reply-frame.js'
import type { RequestFrame } from './wire/request-frame.js'

/** The longest that requests are read on before timers and other descriptors get their turn. */
const TURN_MAX_MS = 5
/** The same while answers are awaited, which need that turn. */
const TURN_WITH_PENDING_MAX_MS = 1
/** Reads in a row that may fail with an errno that is none of a device's. */
const STRANGE_ERRORS_MAX = 3
/** Replies with less data than this are copied into one buffer: cheaper than a list of two. */
const COPY_MAX = 4096

/** Where requests go: a Connection. */
export interface FrameSink {
  /** Requests whose answer is awaited. */
  readonly pending: number
  /** A buffer for the next request. */
  takeFrame(): RequestFrame
  /** Takes the request in the first `length` bytes; false when it keeps the buffer. */
  handle(frame: RequestFrame, length: number): boolean
}

/** What reading the device has cost so far. */
export interface DeviceCounts extends SpinCounts {
  /** Requests read. */
  readonly requests: number
  /** Times that the event loop woke the device. */
  readonly wakeUps: number
}

export class Device {
  readonly #fd: number
  readonly #spin: Spin
  readonly #small = Buffer.allocUnsafeSlow(COPY_MAX + 512)
  #watch: Watch | undefined
  #frame: RequestFrame | undefined
  #onStopped: () => void = () => {}
  #requests = 0
  #wakeUps = 0

  /** An open, non-blocking /dev/fuse that is mounted; closed by whoever opened it. */
  constructor(fd: number, spinMicroseconds: number) {
    this.#fd = fd
    this.#spin = new Spin(spinMicroseconds)
  }

  get counts(): DeviceCounts {
    return { requests: this.#requests, wakeUps: this.#wakeUps, ...this.#spin.counts }
  }

  /** Serves requests until the file system is unmounted or `stop` is called; then resolves. */
  serve(sink: FrameSink): Promise<void> {
    this.#frame = sink.takeFrame()
    return new Promise((resolve) => {
      this.#onStopped = resolve
      this.#watch = watchReadable(this.#fd, () => this.#onReadable(sink))
    })
  }

  /** Reads no more requests and takes no more replies. */
  stop(): void {
    this.#watch?.close()
    this.#watch = undefined
    this.#onStopped()
  }

  /** Hands over a reply: 0, or the errno of why the kernel did not take it. */
  readonly send = (reply: ReplyFrame): number => {
    if (this.#watch === undefined) return Errno.ENODEV
    const result = this.#write(reply)
    return result < 0 ? -result : 0
  }

  #write(reply: ReplyFrame): number {
    const { dataSize, head, headSize } = reply
    if (dataSize === 0) return write(this.#fd, head, headSize)
    if (dataSize > COPY_MAX) {
      const data = reply.data.length < IOV_MAX ? reply.data : [Buffer.concat(reply.data)]
      return writev(this.#fd, head, headSize, data)
    }
    this.#small.set(head.subarray(0, headSize))
    let end = headSize
    for (const part of reply.data) {
      this.#small.set(part, end)
      end += part.length
    }
    return write(this.#fd, this.#small, end)
  }

  #onReadable(sink: FrameSink): void {
    this.#wakeUps++
    const start = performance.now()
    let last = start
    let isSpinning = false
    let strangeErrors = 0
    while (this.#watch) {
      const result = this.#receive(sink)
      if (result > 0) {
        last = performance.now()
        if (isSpinning) this.#spin.hit()
        isSpinning = false
        if (last - start > turnMaxMs(sink)) return
      } else if (result === -Errno.EAGAIN) {
        if (!isSpinning && (last === start || !this.#maySpin(sink, last))) return
        isSpinning = true
        const idleMs = performance.now() - last
        if (idleMs > this.#spin.durationMs) {
          this.#spin.miss(idleMs)
          return
        }
      } else if (result !== -Errno.ENOENT && result !== -Errno.EINTR) {
        // ENODEV: unmounted. Nothing else should come, and an errno is not beyond doubt.
        strangeErrors++
        if (result === -Errno.ENODEV || strangeErrors > STRANGE_ERRORS_MAX) this.stop()
      }
    }
  }

  #receive(sink: FrameSink): number {
    const frame = this.#frame as RequestFrame
    const length = read(this.#fd, frame.bytes, frame.bytes.length)
    if (length <= 0) return length === 0 ? -Errno.EIO : length
    this.#requests++
    if (!sink.handle(frame, length)) this.#frame = sink.takeFrame()
    return length
  }

  /** Not while answers are awaited: they need the event loop. */
  #maySpin(sink: FrameSink, nowMs: number): boolean {
    return sink.pending === 0 && this.#spin.mayStart(nowMs)
  }
}

function turnMaxMs(sink: FrameSink): number {
  return sink.pending === 0 ? TURN_MAX_MS : TURN_WITH_PENDING_MAX_MS
}
