// How requests are made: three execution profiles (conditional writes of a volume, conditional writes
// of the registry, everything else) and the client's options that hold for all.

import { type ClientOptions, ExecutionProfile, policies, types } from 'cassandra-driver'
import type { CassandraOptions, ConsistencyLevel } from './cassandra-options.js'
import { type Neighbourhood, ReplicaPolicy } from './replica-policy.js'

/** Profiles by name. `lwt` orders a volume within its data centre, `registry` over all of them. */
export const Profile = { lwt: 'lwt', registry: 'registry', read: 'default' } as const
export type Profile = (typeof Profile)[keyof typeof Profile]

const { consistencies, distance } = types

/** The driver's own 12 s would make of every paused replica an outage. */
const commitTimeoutMs = 2500
const readTimeoutMs = 5000
const connectTimeoutMs = 5000
/** After this part of its time-out an idempotent request is sent to one more replica. */
const speculateAfter = 1 / 5
/** Two, so that a commit does not stand in line behind megabytes of blocks. */
const connectionsPerNode = 2
const reconnectMinMs = 250
/**
 * The driver's own 10 min would let an outage last that much longer, and a process too: it leaves the
 * timer of its next attempt behind when it is closed.
 */
const reconnectMaxMs = 5000
const heartBeatMs = 10_000

export const blockConsistency: Record<ConsistencyLevel, types.consistencies> = {
  LOCAL_QUORUM: consistencies.localQuorum,
  QUORUM: consistencies.quorum,
  EACH_QUORUM: consistencies.eachQuorum,
  LOCAL_ONE: consistencies.localOne,
  ONE: consistencies.one,
  TWO: consistencies.two,
  THREE: consistencies.three,
  ALL: consistencies.all,
}

/** The level of a volume's slices and log: at least LOCAL_QUORUM, which meets every commit. */
export function namespaceConsistency(level: ConsistencyLevel | undefined): types.consistencies {
  return level === 'QUORUM' || level === 'EACH_QUORUM' || level === 'ALL'
    ? consistencies.quorum
    : consistencies.localQuorum
}

/** Reads and block writes may be repeated; once is enough, the layers above do the rest. */
class RetryOnce extends policies.retry.RetryPolicy {
  override onRequestError(
    info: policies.retry.OperationInfo,
    consistency: types.consistencies,
  ): policies.retry.DecisionInfo {
    return info.nbRetry > 0 ? this.rethrowResult() : this.retryResult(consistency, false)
  }
}

export function executionProfiles(
  options: CassandraOptions,
  neighbourhood: Neighbourhood,
): ExecutionProfile[] {
  const natural = new ReplicaPolicy('natural', neighbourhood)
  const conditional = {
    loadBalancing: natural,
    readTimeout: options.commitTimeoutMs ?? commitTimeoutMs,
    // Sent twice by the driver, a conditional batch would be refused by its own first attempt.
    retry: new policies.retry.FallthroughRetryPolicy(),
  }
  return [
    new ExecutionProfile(Profile.read, {
      loadBalancing: new ReplicaPolicy('spread', neighbourhood),
      consistency: namespaceConsistency(options.consistency),
      readTimeout: options.readTimeoutMs ?? readTimeoutMs,
      retry: new RetryOnce(),
    }),
    new ExecutionProfile(Profile.lwt, {
      ...conditional,
      consistency: namespaceConsistency(options.consistency),
      serialConsistency: consistencies.localSerial,
    }),
    new ExecutionProfile(Profile.registry, {
      ...conditional,
      consistency: consistencies.quorum,
      serialConsistency: consistencies.serial,
    }),
  ]
}

/** Everything of the driver's options but who is asked, with which keyspace and login. */
export function clientOptions(options: CassandraOptions): ClientOptions {
  const speculateAfterMs = (options.readTimeoutMs ?? readTimeoutMs) * speculateAfter
  const { ConstantSpeculativeExecutionPolicy } = policies.speculativeExecution
  const { ExponentialReconnectionPolicy } = policies.reconnection
  return {
    policies: {
      reconnection: new ExponentialReconnectionPolicy(reconnectMinMs, reconnectMaxMs),
      speculativeExecution: new ConstantSpeculativeExecutionPolicy(speculateAfterMs, 1),
      // No client timestamps: a block written by a host whose clock is behind would be born older than
      // a deletion, and be invisible. Null is what the driver asks for; its type does not know it.
      timestampGeneration: null as unknown as policies.timestampGeneration.TimestampGenerator,
    },
    // Each value would be copied once more else. Those that are kept are copied by the codecs.
    encoding: { copyBuffer: false },
    pooling: {
      coreConnectionsPerHost: { [distance.local]: connectionsPerNode },
      heartBeatInterval: heartBeatMs,
    },
    socketOptions: {
      connectTimeout: connectTimeoutMs,
      // Of what the driver asks for itself: logging in, preparing, metadata.
      readTimeout: readTimeoutMs,
    },
    queryOptions: { prepare: true },
    // A node that does not know a statement says so, and it is prepared there: no need to wait for
    // every node, of which one may be paused, at first use.
    prepareOnAllHosts: false,
  }
}
