// A handler on a mount point: mounts, serves until it is unmounted, cleans up. The parts are put
// together here and nowhere else; who wants other parts (a device handed over by another process, a
// loopback) puts them together himself.

import { closeSync } from 'node:fs'
import { Errno, FsError } from '../posix/errno.js'
import { Connection } from './connection.js'
import { Device, type DeviceCounts } from './device.js'
import type { Handler } from './handler.js'
import type { Negotiated, Wishes } from './handshake.js'
import { type MountOptions, openMount, unmount } from './mount.js'
import { Notifier } from './notify.js'
import type { FuseLog } from './replier.js'
import type { Trace } from './trace.js'
import { abortConnection, type DeviceNumber, deviceNumberOf } from './tuning.js'

/** How long after a reply the next request is waited for, in microseconds. */
export const SPIN_DEFAULT_MICROSECONDS = 50

/** How long queued notifications may take to be written once the mount is gone. */
const NOTIFY_CLOSE_TIMEOUT_MS = 1000

export interface ServeOptions extends MountOptions {
  readonly handler: Handler
  readonly log: FuseLog
  readonly wishes?: Wishes
  readonly trace?: Trace | undefined
  /** 0 for none: less speed for one client, no CPU spent on waiting. */
  readonly spinMicroseconds?: number
}

/** A mounted handler. */
export interface FuseServer {
  /** Absolute. */
  readonly mountpoint: string
  /** /dev/fuse, for ioctl. */
  readonly fd: number
  readonly deviceNumber: DeviceNumber | undefined
  readonly negotiated: Negotiated
  readonly notifier: Notifier
  readonly counts: DeviceCounts
  /** Requests that have come, by operation. */
  readonly operations: Readonly<Record<string, number>>
  /** Requests whose answer is awaited. */
  pending(): number
  /** Asks the kernel to unmount (EBUSY while in use, unless lazy), and waits until it is done. */
  unmount(isLazy?: boolean): Promise<void>
  /** Settles when the file system is unmounted, by whomever, and all is cleaned up. */
  readonly closed: Promise<void>
}

/** Mounts the handler and serves it. Throws FsError; nothing stays mounted then. */
export async function serveMount(options: ServeOptions): Promise<FuseServer> {
  const { fd, mountpoint } = await openMount(options)
  const { log } = options
  const device = new Device(fd, options.spinMicroseconds ?? SPIN_DEFAULT_MICROSECONDS)
  const connection = new Connection({
    handler: options.handler,
    log,
    trace: options.trace,
    wishes: options.wishes,
    send: device.send,
  })
  const notifier = new Notifier({
    fd,
    negotiated: () => connection.negotiated,
    onError: (error) => log.error('the thread of notifications ended', error),
  })
  const deviceNumber = deviceNumberOf(mountpoint)
  const closed = device.serve(connection).then(async () => {
    connection.destroy()
    const isDrained = await notifier.close(NOTIFY_CLOSE_TIMEOUT_MS)
    if (!isDrained && deviceNumber) tryAbort(deviceNumber, log)
    closeSync(fd)
  })
  const outcome = await Promise.race([connection.agreed, closed.then(unmountedEarly)])
  if (outcome instanceof Error) {
    await unmount(mountpoint, true).catch((error) => log.error('unmounting failed', error))
    await closed
    throw outcome
  }
  return {
    mountpoint,
    fd,
    deviceNumber,
    negotiated: outcome,
    notifier,
    get counts() {
      return device.counts
    },
    get operations() {
      return connection.counts.byOperation()
    },
    pending: () => connection.pending,
    unmount: async (isLazy = false) => {
      await unmount(mountpoint, isLazy)
      await closed
    },
    closed,
  }
}

function unmountedEarly(): Error {
  return new FsError(Errno.ENODEV, 'unmounted before it was ready')
}

/** A notification that hangs in the kernel ends when the connection does. */
function tryAbort(deviceNumber: DeviceNumber, log: FuseLog): void {
  try {
    abortConnection(deviceNumber)
  } catch (error) {
    log.error('a notification hangs in the kernel, and the connection cannot be aborted', error)
  }
}
