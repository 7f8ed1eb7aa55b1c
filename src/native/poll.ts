// Readiness of any descriptor in Node's own event loop (uv_poll): for devices and sockets that Node
// cannot watch itself.

import koffi from 'koffi'

/** Stops when closed. */
export interface Watch {
  close(): void
}

export interface WatchOptions {
  /** False: the process may end while it is open; else it does not, as with a Node server. */
  readonly keepsAlive?: boolean
}

// A poll handle that nobody refers to is collected, and the watch ends without a word.
const open = new Set<ReturnType<typeof koffi.node.poll>>()

/**
 * Calls `onReady` when `fd` is readable, again and again while it stays so, and when it is broken
 * (a status below 0 is a libuv error; the watch has then ended). An exception thrown by `onReady`
 * is thrown again as an uncaught one: inside the callback it would vanish, and the loop with it.
 */
export function watchReadable(
  fd: number,
  onReady: (status: number) => void,
  { keepsAlive = true }: WatchOptions = {},
): Watch {
  const guarded = (status: number) => {
    try {
      onReady(status)
    } catch (error) {
      setImmediate(() => {
        throw error
      })
    }
  }
  // The typings leave out the first argument, the status of uv_poll_cb.
  const callback = guarded as unknown as (events: unknown) => void
  const handle = koffi.node.poll(fd, { readable: true }, callback)
  open.add(handle)
  if (!keepsAlive) handle.unref()
  return {
    close() {
      if (open.delete(handle)) handle.close()
    },
  }
}
