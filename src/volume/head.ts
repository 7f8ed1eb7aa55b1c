// The head of a volume: the one record every commit is conditioned on.

import type { Uuid } from './record.js'

/** State of a volume; only `live` takes changes. Numbers as stored. */
export const VolumeState = { loading: 0, live: 1, frozen: 2, moved: 3, deleting: 4 } as const
export type VolumeState = (typeof VolumeState)[keyof typeof VolumeState]

/** The write lease: who may answer a change before it is committed. */
export interface WriteLease {
  /** Random id of a process start, never reused. */
  readonly holder: Uuid
  readonly journal: Uuid
  readonly grantSeq: number
  /** Seq of the recall, 0 while there is none. */
  readonly recallSeq: number
}

export interface Head {
  /** Sequence number of the newest entry; a new volume starts at 0. */
  readonly seq: number
  /** Request id of the newest entry. */
  readonly request: Uuid
  readonly state: VolumeState
  readonly usedBytes: number
  readonly usedInodes: number
  /** 0 = no quota. */
  readonly quotaBytes: number
  readonly quotaInodes: number
  readonly lease?: WriteLease
}
