// What the Cassandra engine is told, as plain values, and how its contact points are read. Nothing here
// connects.

import { isIPv6 } from 'node:net'
import { StoreUnusable } from '../store.js'

/** What `consistency` takes; its words are listed once, in src/config/consistencies.ts. */
export type ConsistencyLevel =
  | 'LOCAL_QUORUM'
  | 'QUORUM'
  | 'EACH_QUORUM'
  | 'LOCAL_ONE'
  | 'ONE'
  | 'TWO'
  | 'THREE'
  | 'ALL'

export interface CassandraTls {
  /** PEM; without it the system's authorities are trusted. */
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  /** The name that the nodes' certificates are made for. */
  readonly serverName?: string
}

/** One request as it was answered, for metrics and tests. */
export interface RequestTrace {
  /** `address:port` of the node that was asked. */
  readonly coordinator: string
  /** The CQL, or that of each statement of a batch. */
  readonly statements: readonly string[]
  readonly ms: number
  readonly error: Error | undefined
}

export interface CassandraOptions {
  /** Host names or addresses, each with or without `:port`; an IPv6 address with a port in brackets. */
  readonly contactPoints: readonly string[]
  /** For contact points without one, and for the nodes found through them. */
  readonly port?: number
  readonly keyspace: string
  readonly username?: string
  readonly password?: string
  /** Undefined: that of the first contact point that is known to the cluster. */
  readonly localDataCenter?: string
  /**
   * How many replicas acknowledge a block. The namespace is never written or read below LOCAL_QUORUM;
   * QUORUM, EACH_QUORUM and ALL make its reads QUORUM.
   */
  readonly consistency?: ConsistencyLevel
  readonly tls?: CassandraTls
  /** How long log entries are kept, in seconds. */
  readonly logTtlSec?: number
  /** Let Cassandra show, at open, that a refused batch changes nothing. Needs the right to write. */
  readonly selfTest?: boolean
  /** Time-out of a conditional batch, after which its outcome is unknown. */
  readonly commitTimeoutMs?: number
  /** Time-out of a read or of a block's write at one coordinator. */
  readonly readTimeoutMs?: number
  /** What the driver has to say: `warning`, `error`. */
  readonly log?: (level: string, message: string) => void
  readonly trace?: (request: RequestTrace) => void
}

export const defaultPort = 9042
export const defaultLogTtlSec = 7 * 24 * 3600

/** `host:port`, as the driver takes it (an IPv6 address without brackets counts as having no port). */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** Throws StoreUnusable with what is allowed. */
export function parseContactPoint(text: string, port: number): Endpoint {
  const trimmed = text.trim()
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(trimmed)
  const plain = /^([^:[\]\s/]+)(?::(\d+))?$/.exec(trimmed)
  const host = isIPv6(trimmed) ? trimmed : (bracketed ?? plain)?.[1]
  const digits = (bracketed ?? plain)?.[2]
  const found = digits === undefined ? port : Number(digits)
  if (!host || (bracketed && !isIPv6(host)) || found < 1 || found > 65535)
    throw new StoreUnusable(
      `"${text}" is not a Cassandra contact point: a host name or an address, with or without ` +
        `":port", such as 10.0.0.1 or db1.example.com:9042 or [2001:db8::1]:9042`,
    )
  return { host, port: found }
}

/** The contact points of `options`; throws StoreUnusable where there is none. */
export function endpoints(options: CassandraOptions): Endpoint[] {
  const found = options.contactPoints.map((each) =>
    parseContactPoint(each, options.port ?? defaultPort),
  )
  if (found.length === 0) throw new StoreUnusable('no Cassandra contact point is given')
  return found
}

/** Throws StoreUnusable unless `keyspace` may be a keyspace's name. */
export function checkKeyspace(keyspace: string): void {
  if (!/^[A-Za-z][A-Za-z0-9_]{0,47}$/.test(keyspace))
    throw new StoreUnusable(
      `"${keyspace}" cannot be a keyspace: a letter, then letters, digits and "_", at most 48`,
    )
}

/** `-server=...` and the like, as it is to be typed for these contact points and this keyspace. */
export function initCommand(options: CassandraOptions): string {
  const keyspace = options.keyspace === 'cassfs' ? '' : ` -keyspace=${options.keyspace}`
  return `cassfs init -server=${options.contactPoints.join(',')}${keyspace}`
}
