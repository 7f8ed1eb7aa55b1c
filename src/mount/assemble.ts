// From a plan (plain values, already checked) to a running mount: store, environment, volume, bridge,
// kernel connection; and back, in the opposite order. What ends a mount, and what a signal means, is
// lifecycle.ts'; who is told what on a terminal is the command line's.

import { release } from 'node:os'
import type { Handler } from '../fuse/handler.js'
import { DEFAULT_WISHES } from '../fuse/handshake.js'
import type { Notifier } from '../fuse/notify.js'
import { type FuseServer, serveMount } from '../fuse/serve.js'
import { tune } from '../fuse/tuning.js'
import type { Logger } from '../observe/logger.js'
import type { MountStatus } from '../observe/status.js'
import type { MountRescue } from '../rescue/rescue.js'
import { checkClock } from '../store/check-clock.js'
import { openStore } from '../store/open-store.js'
import type { Store } from '../store/store.js'
import { withMetrics } from '../store/with-metrics.js'
import type { OpenVolume } from '../vfs/open-volume.js'
import { systemClock } from '../volume/clock.js'
import { createBridge } from './bridge.js'
import { keepsPagesTrue } from './direct-writes.js'
import { createInvalidations, type Invalidations } from './invalidations.js'
import type { PresentedOwner } from './kernel-attributes.js'
import { mountStatus } from './mount-status.js'
import { openPlannedVolume, type VolumePlan } from './open-planned-volume.js'
import { trimWhenQuiet } from './quiet-memory.js'
import { createStoreCounts, type StoreCounts } from './store-counts.js'

/** The kernel is told of changes, so it may keep what it was told longer than other mounts' bound. */
const kernelLifetimeMs = 10_000
/** How long closing may go on trying to commit. */
const closeDeadlineMs = 15_000
const readAheadKb = 1024

export interface MountPlan extends VolumePlan {
  /** An existing, empty directory. */
  readonly mountpoint: string
  readonly negativeTtlMs: number
  readonly allowOther: boolean
  readonly present: PresentedOwner
  readonly spinMicroseconds: number
  /** Takes one line for each request and reply. */
  readonly trace?: ((line: string) => void) | undefined
}

export interface RunningMount {
  readonly mountpoint: string
  status(): MountStatus
  /** Resolves when the kernel ended the connection, whoever unmounted. */
  readonly ended: Promise<void>
  /** Everything acknowledged is in the store. */
  save(): Promise<void>
  /**
   * Saves, unmounts, closes. Without `detach` a busy mount throws FsError EBUSY and goes on. With it the
   * mount leaves the tree at once, and is closed when its last handle is. After `ended` it only closes.
   */
  unmount(options: { detach: boolean }): Promise<void>
}

/** Mounts; throws FsError or StoreUnusable, and leaves nothing mounted or open then. */
export async function assembleMount(plan: MountPlan, logger: Logger): Promise<RunningMount> {
  const counts = createStoreCounts()
  const store = withMetrics(await openStore(plan.store), counts.meter)
  let volume: OpenVolume | undefined
  try {
    if (!plan.readOnly) await checkClock(store)
    let notifier: Notifier | undefined
    const onIdle = () => void notifier?.incEpoch()
    const { open, rescue } = await openPlannedVolume(plan, store, logger, onIdle)
    volume = open
    const invalidations = createInvalidations(() => notifier, systemClock)
    open.vfs.onInvalidate((invalidation) => invalidations.invalidate(invalidation))
    const server = await serve(plan, open, invalidations, logger)
    notifier = server.notifier
    tuneAsRoot(server, logger)
    return new AssembledMount({ plan, store, volume: open, rescue, server, invalidations, counts })
  } catch (error) {
    await volume?.close(closeDeadlineMs).catch((cause) => logger.error('closing failed', { cause }))
    await store.close()
    throw error
  }
}

function serve(
  plan: MountPlan,
  volume: OpenVolume,
  invalidations: Invalidations,
  logger: Logger,
): Promise<FuseServer> {
  const lasting = plan.entryTtlMs > 0
  const handler: Handler = createBridge({
    vfs: volume.vfs,
    mount: volume.processId,
    lifetimeMs: lasting ? kernelLifetimeMs : 0,
    negativeLifetimeMs: lasting && plan.negativeTtlMs > 0 ? kernelLifetimeMs : 0,
    present: plan.present,
    // A kernel that need not open directories lists them from its cache: not without a lifetime.
    withoutOpendir: lasting,
    directWrites: keepsPagesTrue(release()),
    settled: (ino) => invalidations.settled(ino),
  })
  return serveMount({
    handler,
    mountpoint: plan.mountpoint,
    fsname: `cassfs#${plan.owner}/${plan.environment}`,
    subtype: 'cassfs',
    isReadOnly: plan.readOnly,
    allowOther: plan.allowOther,
    defaultPermissions: true,
    wishes: DEFAULT_WISHES,
    spinMicroseconds: plan.spinMicroseconds,
    trace: plan.trace,
    log: {
      warn: (message) => logger.warn(message),
      error: (message, error) => logger.error(message, { error }),
    },
  })
}

/** Only root may; the mount works as well without. */
function tuneAsRoot({ deviceNumber }: FuseServer, logger: Logger): void {
  if (!deviceNumber || process.geteuid?.() !== 0) return
  try {
    tune(deviceNumber, { readAheadKb })
  } catch (error) {
    logger.debug('the kernel keeps its own read-ahead', { error })
  }
}

interface Parts {
  readonly plan: MountPlan
  readonly store: Store
  readonly volume: OpenVolume
  readonly rescue: MountRescue
  readonly server: FuseServer
  readonly invalidations: Invalidations
  readonly counts: StoreCounts
}

class AssembledMount implements RunningMount {
  readonly mountpoint: string
  readonly ended: Promise<void>
  readonly #parts: Parts
  readonly #endTrimming: () => void
  #isEnded = false
  #isDetached = false
  #closing: Promise<void> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.mountpoint = parts.server.mountpoint
    this.#endTrimming = trimWhenQuiet(() => parts.server.counts.requests)
    this.ended = parts.server.closed.finally(() => {
      this.#isEnded = true
    })
  }

  status(): MountStatus {
    const { plan, store, volume, rescue, server, counts } = this.#parts
    return mountStatus({
      mountpoint: this.mountpoint,
      plan,
      engine: store.engine,
      volume: volume.status(),
      rescue: { folder: rescue.directory, ...rescue.count() },
      isDetached: this.#isDetached || this.#isEnded,
      requests: server.counts,
      operations: server.operations,
      notifications: server.notifier.counts,
      store: counts.snapshot(),
    })
  }

  async save(): Promise<void> {
    if (!this.#isEnded) await this.#parts.volume.vfs.settle()
  }

  async unmount({ detach }: { detach: boolean }): Promise<void> {
    if (!this.#isEnded) await this.#leave(detach)
    if (!this.#isEnded) return
    this.#closing ??= this.#close()
    await this.#closing
  }

  /** A detached mount ends when its last handle is closed: `ended` tells, and closes. */
  async #leave(detach: boolean): Promise<void> {
    const { server } = this.#parts
    if (!detach) return server.unmount(false)
    const leaving = server.unmount(true)
    const outcome = await Promise.race([leaving.then(() => 'left' as const), soon()])
    if (outcome === 'left') return
    this.#isDetached = true
    leaving.catch(() => {
      this.#isDetached = false
    })
  }

  async #close(): Promise<void> {
    const { volume, invalidations, store } = this.#parts
    invalidations.close()
    this.#endTrimming()
    try {
      await volume.close(closeDeadlineMs)
    } finally {
      await store.close()
    }
  }
}

/** umount2(MNT_DETACH) is done at once; what comes later is the last handle. */
function soon(): Promise<'later'> {
  return new Promise((resolve) => setTimeout(() => resolve('later'), 200))
}
