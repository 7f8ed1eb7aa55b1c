// The tables, and their version. Made and upgraded by `initSchema` alone; a mount only looks at the
// version and refuses what it does not know.

import { StoreUnusable } from '../store.js'
import type { CassandraOptions } from './cassandra-options.js'
import { initCommand } from './cassandra-options.js'
import { connect } from './connect.js'
import { isMissingSchema, unavailable } from './failure.js'
import {
  parseReplication,
  type Replication,
  refuseSeveralDataCenters,
  replicationMap,
} from './replication.js'
import type { Session } from './session.js'

/** Raised with every change of the tables; `initSchema` brings older ones up. */
export const schemaVersion = 1

export interface SchemaOptions {
  /** `3`, or `dc1=3`; undefined: 3 in the local data centre, or as many as it has nodes. */
  readonly replication?: string
  /** Only say what would be done. */
  readonly dryRun?: boolean
}

export interface SchemaChange {
  /** The CQL that was (or, in a dry run, would be) executed, in order; empty: all is there. */
  readonly statements: readonly string[]
  readonly executed: boolean
  /** How the keyspace is replicated that was found there; a given `replication` does not alter it. */
  readonly keptReplication: Replication | undefined
}

/** Why it is compacted as it is: levels for many small overwritten rows, tiers for write-once blocks. */
interface Compaction {
  readonly levels: string
  readonly tiers: string
}

const unified: Compaction = {
  levels: "{'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'L10'}",
  tiers: "{'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}",
}
const classic: Compaction = {
  levels: "{'class': 'LeveledCompactionStrategy'}",
  tiers: "{'class': 'SizeTieredCompactionStrategy'}",
}

/** Tables by name, without CREATE TABLE and the name. What the columns are: docs/DATA_FORMAT.md. */
function tableDefinitions(compaction: Compaction): Record<string, string> {
  return {
    meta: '(k text PRIMARY KEY, v text)',
    owners: '(owner text PRIMARY KEY, id uuid, ino_next bigint, conf blob)',
    volumes:
      '(owner text, env text, vol uuid, st tinyint, home_dc text, conf blob, created timestamp, ' +
      'PRIMARY KEY ((owner), env))',
    ns:
      '(vol uuid, shard smallint, k tinyint, p bigint, n blob, seq bigint, ino bigint, st tinyint, ' +
      'ub bigint, ui bigint, qb bigint, qi bigint, req uuid, a blob, ' +
      'PRIMARY KEY ((vol, shard), k, p, n)) ' +
      `WITH compaction = ${compaction.levels} ` +
      "AND compression = {'class': 'ZstdCompressor', 'chunk_length_in_kb': 16} " +
      'AND gc_grace_seconds = 172800',
    blocks:
      '(o uuid, h blob, len int, enc tinyint, d blob, PRIMARY KEY ((o, h))) ' +
      `WITH compaction = ${compaction.tiers} ` +
      "AND compression = {'enabled': false} AND gc_grace_seconds = 86400",
    locks: '(scope text, name text, holder uuid, value text, PRIMARY KEY ((scope), name))',
    sessions: '(scope text, name text, holder uuid, value text, PRIMARY KEY ((scope), name))',
  }
}

/** Creates the keyspace and what is missing in it. Throws StoreUnavailable, StoreUnusable. */
export async function initSchema(
  options: CassandraOptions,
  { replication, dryRun = false }: SchemaOptions = {},
): Promise<SchemaChange> {
  const wanted = replication === undefined ? undefined : parseReplication(replication)
  const session = await connect(options, 'none')
  try {
    const { keyspace } = options
    const keptReplication = await readReplication(session, keyspace)
    const chosen = keptReplication ?? wanted ?? usualReplication(session)
    refuseSeveralDataCenters(keyspace, chosen, dataCenters(session))
    const statements: string[] = []
    if (!keptReplication)
      statements.push(
        `CREATE KEYSPACE IF NOT EXISTS "${keyspace}" WITH replication = ${replicationMap(chosen)}`,
      )
    else await refuseNewer(session, options)
    statements.push(...(await missingTables(session, keyspace)))
    if (!(await readVersion(session, keyspace)))
      statements.push(
        `INSERT INTO "${keyspace}".meta (k, v) VALUES ('schema', '${schemaVersion}') IF NOT EXISTS`,
      )
    if (!dryRun) for (const statement of statements) await execute(session, statement)
    return { statements, executed: !dryRun, keptReplication }
  } finally {
    await session.close()
  }
}

/** Throws StoreUnusable unless the tables are those of this version. */
export async function checkSchema(session: Session, options: CassandraOptions): Promise<void> {
  const found = await readVersion(session, options.keyspace)
  if (found === undefined)
    throw new StoreUnusable(
      `keyspace "${options.keyspace}" holds no CassFS tables: make them with ${initCommand(options)}`,
    )
  refuseNewerThanThis(found, options)
  if (found < schemaVersion)
    throw new StoreUnusable(
      `keyspace "${options.keyspace}" has schema version ${found}, this CassFS needs ` +
        `${schemaVersion}: upgrade it with ${initCommand(options)}`,
    )
}

/** Throws StoreUnusable where the keyspace's copies lie in several data centres. */
export async function checkOneDataCenter(session: Session, keyspace: string): Promise<void> {
  const replication = await readReplication(session, keyspace)
  if (replication) refuseSeveralDataCenters(keyspace, replication, dataCenters(session))
}

async function refuseNewer(session: Session, options: CassandraOptions): Promise<void> {
  const found = await readVersion(session, options.keyspace)
  if (found !== undefined) refuseNewerThanThis(found, options)
}

function refuseNewerThanThis(found: number, options: CassandraOptions): void {
  if (found > schemaVersion)
    throw new StoreUnusable(
      `keyspace "${options.keyspace}" has schema version ${found}, this CassFS knows up to ` +
        `${schemaVersion}: update CassFS`,
    )
}

/** Undefined: no keyspace, no tables, or tables whose making was cut short. */
async function readVersion(session: Session, keyspace: string): Promise<number | undefined> {
  let value: unknown
  try {
    const query = `SELECT v FROM "${keyspace}".meta WHERE k = 'schema'`
    value = (await session.page(query, [], { prepare: false })).first()?.v
  } catch (error) {
    if (isMissingSchema(error)) return undefined
    throw unavailable('the schema version', error)
  }
  if (value === undefined || value === null) return undefined
  const version = Number(value)
  if (!Number.isSafeInteger(version) || version < 1)
    throw new StoreUnusable(`keyspace "${keyspace}" has the schema version "${value}": damaged`)
  return version
}

async function readReplication(
  session: Session,
  keyspace: string,
): Promise<Replication | undefined> {
  const query = 'SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?'
  const [row] = await session.ask('the keyspace', query, [keyspace])
  return row?.replication as Replication | undefined
}

function usualReplication(session: Session): Replication {
  const local = session.dataCenter
  const nodes = session.client.hosts.values().filter((host) => host.datacenter === local)
  return { class: 'NetworkTopologyStrategy', [local]: String(Math.min(3, nodes.length)) }
}

function dataCenters(session: Session): string[] {
  return session.client.hosts.values().map((host) => host.datacenter)
}

async function missingTables(session: Session, keyspace: string): Promise<string[]> {
  const query = 'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?'
  const rows = await session.ask('the tables', query, [keyspace])
  const present = new Set(rows.map((row) => String(row.table_name)))
  const definitions = tableDefinitions((await majorVersion(session)) >= 5 ? unified : classic)
  return Object.entries(definitions)
    .filter(([name]) => !present.has(name))
    .map(([name, definition]) => `CREATE TABLE IF NOT EXISTS "${keyspace}".${name} ${definition}`)
}

async function majorVersion(session: Session): Promise<number> {
  const [row] = await session.ask('its version', 'SELECT release_version FROM system.local', [])
  const release = String(row?.release_version)
  const major = Number.parseInt(release, 10)
  if (!(major >= 4))
    throw new StoreUnusable(`Cassandra ${release} is too old: CassFS needs 4.0 or newer`)
  return major
}

async function execute(session: Session, statement: string): Promise<void> {
  try {
    await session.client.execute(statement, [], { prepare: false, readTimeout: 30_000 })
  } catch (cause) {
    throw unavailable(`"${statement.slice(0, 60)}..."`, cause)
  }
}
