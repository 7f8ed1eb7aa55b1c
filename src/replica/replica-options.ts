// What a replica is given, and the bounds it keeps.

import type { Journals } from '../journal/journal.js'
import type { FsError } from '../posix/errno.js'
import type { Store } from '../store/store.js'
import type { Copies } from '../tables/copies.js'
import type { Clock } from '../volume/clock.js'
import type { Hash } from '../volume/inode.js'
import type { Uuid } from '../volume/record.js'
import type { LeaseRules } from './lease-rules.js'
import type { LosingContext } from './losing.js'
import type { Protocol } from './protocol.js'
import type { Redelivered } from './redelivered.js'
import type { Rules } from './replica.js'

/** The part of a log that a replica speaks to. */
export interface ReplicaLogger {
  debug?(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

export interface ReplicaOptions<Intent> {
  readonly store: Store
  readonly volume: Uuid
  /** Whose blocks the records name. */
  readonly owner: Uuid
  /** Under whose name inode numbers are leased. */
  readonly ownerName: string
  readonly rules: Rules<Intent>
  /** Random id of this process start. */
  readonly processId: Uuid
  readonly clock?: Clock
  /** Where copies of a volume are that is not in this process; closed with the replica. */
  readonly copies?: Copies
  /** Where changes are journaled that are answered before they are committed; without it none is. */
  readonly journals?: Journals
  /** Whether this process asks for the write lease; else it only carries on what others left. */
  readonly writeLease?: boolean
  /**
   * Bytes that are free where answered changes and their blocks will lie; undefined: that is not known.
   * What takes room is answered early only while twice all that is uncommitted would fit.
   */
  readonly freeBytes?: () => number | undefined
  /**
   * A change that was answered early cannot be done: another mount took the lease and changed the same.
   * Told once, before anything else is. `id`: as with `onLosing`.
   */
  readonly onLost?: (intent: Intent, error: FsError, id: string | undefined) => void
  /**
   * The log is about to say that these are lost: from then on no journal has them. It is waited for. They are
   * told lost later, by this process or by one that carries its journal on, with the same `id`; unless
   * `onSpared` says that they were done after all.
   */
  readonly onLosing?: LosingContext<Intent>['onLosing']
  readonly onSpared?: LosingContext<Intent>['onSpared']
  /** The mount that this process serves on, for one that has ended: its kernel may deliver requests again. */
  readonly takesOver?: Uuid
  /** As Math.random. */
  readonly random?: () => number
  readonly newUuid?: () => Uuid
  readonly logger?: ReplicaLogger
  /** How old another mount's change may be before it shows here; 0: whoever opens a file polls. */
  readonly entryTtlMs?: number
  /** Hashes that must stay although no record names them: of inodes open without a name. */
  readonly pins?: () => Iterable<Hash>
  /**
   * Inodes with open handles or saves under way: stay unpacked, so that `removed` of a foreign change
   * can tell what they were. Whatever else a foreign change removes may be gone without a trace.
   */
  readonly isHeld?: (ino: number) => boolean
  /** False: no file is open, so following may slow down when no request comes either. */
  readonly isBusy?: () => boolean
  /** Called before following slows down: whoever caches answers must ask again. */
  readonly onIdle?: () => void
  readonly limits?: Partial<ReplicaLimits>
  /** Only for the simulation, which breaks one and shows what then happens. */
  readonly leaseRules?: Partial<LeaseRules>
}

export interface ReplicaLimits {
  /** Inodes, and as many names, kept unpacked. */
  readonly cacheMax: number
  readonly batchChangesMax: number
  readonly batchBytesMax: number
  /** Of a batch of changes that were all answered early. */
  readonly earlyChangesMax: number
  readonly earlyBytesMax: number
  /** How long a change that was answered early may wait for others to be sent with it. */
  readonly lingerMs: number
  /** From queueing a change to its EIO. */
  readonly deadlineMs: number
  /** How long one call of the store may take before its outcome counts as unknown. */
  readonly storeTimeoutMs: number
  /** Without a request and an open file for so long, following slows down. */
  readonly idleAfterMs: number
  readonly pollSlowestMs: number
  /** Time to live of the session lease; renewed three times as often. */
  readonly sessionTtlMs: number
  /** Records or entries asked for at a time. */
  readonly pageSize: number
  /** A volume of at most so many inodes is loaded whole before it is opened. */
  readonly wholeInodesMax: number
}

export const defaultLimits: ReplicaLimits = {
  cacheMax: 50_000,
  batchChangesMax: 100,
  batchBytesMax: 64 * 1024,
  earlyChangesMax: 500,
  earlyBytesMax: 256 * 1024,
  lingerMs: 200,
  deadlineMs: 15_000,
  storeTimeoutMs: 5_000,
  idleAfterMs: 20_000,
  pollSlowestMs: 60_000,
  sessionTtlMs: 60_000,
  pageSize: 1000,
  wholeInodesMax: 10_000,
}

/** Options with nothing left open. */
export type Settings<Intent> = Required<
  Omit<ReplicaOptions<Intent>, 'limits' | 'journals' | 'takesOver'>
> &
  ReplicaLimits & {
    readonly redelivered: Redelivered
    readonly journals: Journals | undefined
    readonly protocol: Protocol
    readonly stop: AbortController
    readonly signal: AbortSignal
  }

/** A logger for whoever gave none. */
export const silentLogger: ReplicaLogger = { info() {}, warn() {}, error() {} }
