// The life of a mount from the moment it answers until its process may end: what a signal does, what
// `cassfs umount` does, what happens when somebody else unmounts, and in which order. It knows the mount
// by four methods and the system by one (who holds files).
//
// A mount ends in one of three ways:
// - nobody holds it: saved, unmounted, done;
// - it is busy: saved, the holders are told, it is detached (out of the tree, nobody new can enter) and
//   served until the last handle closes;
// - a second signal, while it waits for those: what they hold is cut off.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../observe/logger.js'
import { Errno, FsError } from '../posix/errno.js'
import type { UnmountAnswer } from './control-socket.js'
import { describeHolder, type Holder } from './holders.js'

/** What this needs of a mount. */
export interface LivingMount {
  readonly mountpoint: string
  /** Resolves when the kernel has ended the connection, whoever unmounted. */
  readonly ended: Promise<void>
  /** Everything that was acknowledged is in the store. */
  save(): Promise<void>
  /**
   * Saves, unmounts, closes. Without `detach` a busy mount throws FsError EBUSY and goes on. With it the
   * mount leaves the tree at once and is closed when its last handle is. After `ended` it only closes.
   */
  unmount(options: { detach: boolean }): Promise<void>
}

export interface LifecycleOptions {
  readonly logger: Logger
  /** Undefined: it cannot be told who holds the mount. */
  readonly findHolders: () => Promise<readonly Holder[] | undefined>
  /** How long saving and closing may take before it is given up. */
  readonly saveMsMax?: number
}

export interface Lifecycle {
  /** A signal came. */
  signal(name: string): void
  /** Somebody asks for the end of the mount. */
  unmount(options: { detach: boolean }): Promise<UnmountAnswer>
  /** Resolves when everything is closed, with the exit status: 0, or 1 where something was lost. */
  readonly finished: Promise<number>
}

/** One key press can arrive twice: from the terminal, and passed on by npm. */
const sameSignalMs = 500

/** Begins to watch over a mount that answers. */
export function createLifecycle(mount: LivingMount, options: LifecycleOptions): Lifecycle {
  const { logger, findHolders, saveMsMax = 60_000 } = options
  let cutOff = () => {}
  const isCutOff = new Promise<'cut off'>((resolve) => {
    cutOff = () => resolve('cut off')
  })
  let exitStatus = 0
  let firstSignalAt: number | undefined
  let unmounting: Promise<UnmountAnswer> | undefined

  async function guard(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await bounded(what, work(), saveMsMax)
    } catch (error) {
      exitStatus = 1
      logger.error(`${what} failed`, { mountpoint: mount.mountpoint, error })
    }
  }

  async function attempt(detach: boolean): Promise<UnmountAnswer> {
    await guard('saving', () => mount.save())
    try {
      await mount.unmount({ detach: false })
      return { outcome: 'unmounted' }
    } catch (error) {
      if (!(error instanceof FsError) || error.errno !== Errno.EBUSY) throw error
    }
    const holders = await tellHolders()
    if (!detach) return { outcome: 'busy', holders }
    await mount.unmount({ detach: true })
    logger.warn('detached; open files are served until they are closed (again: cut them off)')
    return { outcome: 'detached', holders }
  }

  async function tellHolders(): Promise<readonly Holder[]> {
    const holders = await findHolders()
    const unknown = 'it cannot be told who holds it'
    const lines = holders?.map(describeHolder) ?? [unknown]
    logger.warn(`${mount.mountpoint} is busy`)
    for (const line of lines) logger.warn(line)
    return holders ?? []
  }

  /** One attempt at a time; who asks meanwhile gets its answer. */
  function unmount({ detach }: { detach: boolean }): Promise<UnmountAnswer> {
    unmounting ??= attempt(detach).finally(() => {
      unmounting = undefined
    })
    return unmounting
  }

  function signal(name: string): void {
    const now = performance.now()
    if (firstSignalAt === undefined) {
      firstSignalAt = now
      logger.info(`${name}: saving and unmounting`, { mountpoint: mount.mountpoint })
      unmount({ detach: true }).catch((error: unknown) => {
        logger.error('unmounting failed; a second signal ends the process', { error })
      })
    } else if (now - firstSignalAt > sameSignalMs) cutOff()
  }

  async function live(): Promise<number> {
    const how = await Promise.race([mount.ended.catch(brokenConnection), isCutOff])
    if (how === 'cut off') {
      exitStatus = 1
      logger.warn('a second signal: whoever still holds files is cut off')
      await guard('saving', () => mount.save())
    }
    await guard('closing', () => mount.unmount({ detach: true }))
    return exitStatus
  }

  function brokenConnection(error: unknown): void {
    exitStatus = 1
    logger.error('the connection to the kernel broke', { error })
  }

  return { signal, unmount, finished: live() }
}

async function bounded(what: string, work: Promise<void>, msMax: number): Promise<void> {
  const stop = new AbortController()
  const late = sleep(msMax, undefined, { signal: stop.signal }).then(
    () => {
      throw new FsError(Errno.ETIMEDOUT, `${what} took longer than ${msMax / 1000} s`)
    },
    () => undefined,
  )
  try {
    await Promise.race([work, late])
  } finally {
    stop.abort()
  }
}

/** The signals that end a mount. */
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Hands this process's signals to a lifecycle; returns what undoes it. */
export function bindSignals(lifecycle: Lifecycle): () => void {
  const listener = (name: NodeJS.Signals) => lifecycle.signal(name)
  for (const name of endingSignals) process.on(name, listener)
  return () => {
    for (const name of endingSignals) process.removeListener(name, listener)
  }
}
