// What a replica tells of itself, put together from its parts.

import { type Head, VolumeState } from '../volume/head.js'
import type { Contact } from './contact.js'
import type { Follow } from './follow.js'
import type { LoadBehind } from './load-behind.js'
import type { Pipeline } from './pipeline.js'
import type { ReplicaState, ReplicaStatus } from './replica.js'

export interface StatusParts {
  /** What is committed. */
  readonly head: Head
  readonly pipeline: Pick<Pipeline<unknown>, 'counts' | 'queued' | 'inFlight' | 'earlyStatus'>
  readonly follow: Follow
  readonly contact: Contact
  readonly loading: LoadBehind | undefined
  readonly isClosed: boolean
}

export function replicaStatus(parts: StatusParts): ReplicaStatus {
  const { head, pipeline, follow, contact, loading } = parts
  return {
    state: stateOf(parts),
    seq: head.seq,
    inodes: head.usedInodes,
    queued: pipeline.queued,
    inFlight: pipeline.inFlight,
    ...pipeline.counts,
    reloads: follow.epoch,
    polls: follow.polls,
    early: pipeline.earlyStatus(),
    ...(loading?.isUnderWay ? { loading: { records: loading.records } } : {}),
    contactAgeMs: contact.ageMs,
  }
}

function stateOf({ head, follow, contact, isClosed }: StatusParts): ReplicaState {
  if (isClosed) return 'closed'
  if (follow.unusable || head.state !== VolumeState.live) return 'frozen'
  return contact.isOffline ? 'offline' : 'live'
}
