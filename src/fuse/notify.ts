// Tells the kernel what it should no longer believe: one ordered queue, written to the device by a
// thread of its own (notify-worker.ts). Nothing here waits; the result of each notification is a
// promise that may be ignored.

import { Worker } from 'node:worker_threads'
import { Errno } from '../posix/errno.js'
import type { Negotiated } from './handshake.js'
import * as frames from './notify-frames.js'
import { NotifyWaiters } from './notify-waiters.js'
import type { NotifyBatch, NotifyResults } from './notify-worker.js'

/** Largest data of one STORE, in bytes: what the kernel takes in one write. */
const STORE_MAX = 1024 * 1024
/** Node ids of one PRUNE, which the kernel reads in one piece. */
const PRUNE_MAX = 256

/** Until the next try where the thread could not be started. */
const restartMs = 500
/** So long callers wait for a thread that cannot be started; what they tell the kernel is kept for it longer. */
const patienceMs = 5000

/** Notifications that were written, and that the kernel did not take, by errno. */
export interface NotifyCounts {
  sent: number
  readonly failed: Map<number, number>
}

export interface NotifierOptions {
  /** /dev/fuse, which stays open until `close` has returned. */
  readonly fd: number
  /** Decides which notifications the kernel knows; others answer ENOSYS without being sent. */
  readonly negotiated: () => Negotiated | undefined
  readonly onError: (error: Error) => void
  /** 5 s unless told. */
  readonly patienceMs?: number
}

/**
 * Every method answers the errno, 0 for success: ENOENT where the kernel does not know the name or
 * node (there was nothing to tell), ENOSYS where it is too old, ENODEV when it is gone, EIO where it is not known
 * whether or when the kernel hears of it.
 */
export class Notifier {
  readonly counts: NotifyCounts = { sent: 0, failed: new Map() }
  readonly #options: NotifierOptions
  readonly #waiting = new NotifyWaiters()
  #worker: Worker | undefined
  #batch: NotifyBatch = []
  /** Handed to a thread that has answered nothing yet: it may turn out that it was never started. */
  #posted: NotifyBatch = []
  #isStarted = false
  /** Since when no thread can be started, which was told; undefined once one has answered. */
  #failingSinceMs: number | undefined
  #restart: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: NotifierOptions) {
    this.#options = options
  }

  /** Notifications whose result is not known yet. */
  get pending(): number {
    return this.#waiting.length
  }

  /** Attributes anew; content from `offset` (negative: none), `length` bytes or (0) all. */
  invalInode(nodeid: number, offset = 0, length = 0): Promise<number> {
    return this.#send(frames.invalInode(nodeid, offset, length))
  }

  /** A name anew. Of a directory it detaches what is mounted below: then use `expireEntry`. */
  invalEntry(parent: number, name: string): Promise<number> {
    return this.#send(frames.invalEntry(parent, name, false))
  }

  /** A name anew when next used, keeping the node and what is mounted below it (7.38). */
  expireEntry(parent: number, name: string): Promise<number> {
    if (!this.#knows(38)) return Promise.resolve(Errno.ENOSYS)
    return this.#send(frames.invalEntry(parent, name, true))
  }

  deleteEntry(parent: number, child: number, name: string): Promise<number> {
    return this.#send(frames.deleteEntry(parent, child, name))
  }

  /** Content for the kernel's cache; at most 1 MiB at a time. */
  store(nodeid: number, offset: number, data: Uint8Array): Promise<number> {
    if (data.length > STORE_MAX) return Promise.resolve(Errno.EINVAL)
    return this.#send(frames.store(nodeid, offset, data))
  }

  /** Unanswered requests come again (7.40). */
  resend(): Promise<number> {
    return this.#knows(40) ? this.#send(frames.resend()) : Promise.resolve(Errno.ENOSYS)
  }

  /** All names anew (7.44). */
  incEpoch(): Promise<number> {
    return this.#knows(44) ? this.#send(frames.incEpoch()) : Promise.resolve(Errno.ENOSYS)
  }

  /** The kernel drops what it can of these nodes (7.45); answers the first errno that is not 0. */
  async prune(nodeids: readonly number[]): Promise<number> {
    if (!this.#knows(45)) return Errno.ENOSYS
    const parts: Promise<number>[] = []
    for (let start = 0; start < nodeids.length; start += PRUNE_MAX) {
      parts.push(this.#send(frames.prune(nodeids.slice(start, start + PRUNE_MAX))))
    }
    return (await Promise.all(parts)).find((errno) => errno !== 0) ?? 0
  }

  /**
   * Ends the thread once what is queued is written; when that takes longer than `timeoutMs`, what
   * is left answers ENODEV. False then: a write is stuck in the kernel, and the thread with it
   * until the mount is aborted.
   */
  async close(timeoutMs: number): Promise<boolean> {
    // No try is made any more where none had come of it so far.
    if (!this.#restart) this.#flush()
    this.#isClosed = true
    clearTimeout(this.#restart)
    const worker = this.#worker
    if (!worker) {
      this.#fail(Errno.ENODEV)
      return true
    }
    const deadline = performance.now() + timeoutMs
    while (this.pending > 0 && performance.now() < deadline) await sleep(2)
    const isDrained = this.pending === 0
    this.#fail(Errno.ENODEV)
    worker.removeAllListeners()
    worker.unref()
    const ended = worker.terminate()
    if (isDrained) await ended
    return isDrained
  }

  #knows(minor: number): boolean {
    return (this.#options.negotiated()?.minor ?? 0) >= minor
  }

  #send(frame: Buffer): Promise<number> {
    if (this.#isClosed) return Promise.resolve(Errno.ENODEV)
    return new Promise((resolve) => {
      this.#waiting.add(resolve)
      if (this.#batch.push(frame) === 1) queueMicrotask(() => this.#flush())
    })
  }

  #flush(): void {
    if (this.#isClosed || this.#restart) return
    const batch = this.#batch
    this.#batch = []
    if (batch.length === 0) return
    this.#worker ??= this.#startWorker()
    // One by one: there may be more than a call takes arguments.
    if (!this.#isStarted) for (const frame of batch) this.#posted.push(frame)
    this.#worker.postMessage(batch)
  }

  /** No descriptor was left for the thread, and nothing was written: what the kernel is to know is kept. */
  #startLater(error: Error): void {
    if (this.#isClosed) {
      this.#fail(Errno.ENODEV)
      return
    }
    this.#batch = [...this.#posted, ...this.#batch]
    this.#posted = []
    this.#restart = setTimeout(() => {
      this.#restart = undefined
      this.#flush()
    }, restartMs).unref()
    const nowMs = performance.now()
    if (this.#failingSinceMs === undefined) this.#options.onError(error)
    this.#failingSinceMs ??= nowMs
    // They stay in line, each for its frame; whoever was answered hears nothing more.
    if (nowMs - this.#failingSinceMs > (this.#options.patienceMs ?? patienceMs))
      this.#waiting.answerEarly(Errno.EIO)
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL('./notify-worker.js', import.meta.url), {
      workerData: { fd: this.#options.fd },
    })
    worker.on('message', (results: NotifyResults) => {
      this.#failingSinceMs = undefined
      this.#isStarted = true
      this.#posted = []
      for (const errno of results) this.#settle(errno)
    })
    worker.on('error', (error) => {
      this.#worker = undefined
      this.#isStarted = false
      if ('code' in error && error.code === 'ERR_WORKER_INIT_FAILED') return this.#startLater(error)
      this.#fail(Errno.EIO)
      this.#options.onError(error)
    })
    // It lives as long as the mount does, and is no reason of its own to stay.
    worker.unref()
    return worker
  }

  #settle(errno: number): void {
    this.counts.sent++
    if (errno !== 0) this.counts.failed.set(errno, (this.counts.failed.get(errno) ?? 0) + 1)
    this.#waiting.answer(errno)
  }

  #fail(errno: number): void {
    this.#batch = []
    this.#posted = []
    this.#waiting.answerAll(errno)
  }
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs))
}
