// The thread that writes notifications: one after the other, in the order they were given. Each
// write may wait long inside the kernel, for the operation that holds a directory or for dirty
// pages, which is why no other thread does it.

import { parentPort, workerData } from 'node:worker_threads'
import { write } from '../native/io.js'

/** To the thread: frames, in order. From it: for each its errno, 0 for success. */
export type NotifyBatch = Uint8Array[]
export type NotifyResults = number[]

const { fd } = workerData as { readonly fd: number }

parentPort?.on('message', (batch: NotifyBatch) => {
  for (const frame of batch) {
    const result = write(fd, frame, frame.length)
    parentPort?.postMessage([result < 0 ? -result : 0] satisfies NotifyResults)
  }
})
