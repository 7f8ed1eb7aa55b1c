// How many copies of the data there are, as `--replication` says it and as CQL does.

import { StoreUnusable } from '../store.js'

/** The map of CREATE KEYSPACE: `class`, and copies by data centre (or `replication_factor`). */
export type Replication = Readonly<Record<string, string>>

/** `3` (SimpleStrategy) or `dc1=3,dc2=2` (NetworkTopologyStrategy). Throws StoreUnusable. */
export function parseReplication(text: string): Replication {
  if (/^[1-9]\d?$/.test(text.trim()))
    return { class: 'SimpleStrategy', replication_factor: text.trim() }
  const result: Record<string, string> = { class: 'NetworkTopologyStrategy' }
  for (const part of text.split(',')) {
    const match = /^\s*([A-Za-z0-9_.-]+)\s*=\s*([1-9]\d?)\s*$/.exec(part)
    if (!match?.[1] || !match[2] || match[1] in result)
      throw new StoreUnusable(
        `"${text}" is not a replication: a number of copies, such as 3, or one for each data ` +
          'centre, such as dc1=3',
      )
    result[match[1]] = match[2]
  }
  return result
}

/** As CQL writes it. */
export function replicationMap(replication: Replication): string {
  const pairs = Object.entries(replication).map(([name, value]) => `'${name}': '${value}'`)
  return `{${pairs.join(', ')}}`
}

/**
 * Throws StoreUnusable where copies lie in several data centres. Conditional writes are decided within
 * one (LOCAL_SERIAL): two mounts in different ones would both win, and the volume fall apart.
 * `dataCenters`: those of the cluster's nodes.
 */
export function refuseSeveralDataCenters(
  keyspace: string,
  replication: Replication,
  dataCenters: Iterable<string>,
): void {
  const names = [...new Set(copiedTo(replication) ?? dataCenters)].sort()
  if (names.length <= 1) return
  throw new StoreUnusable(
    `keyspace "${keyspace}" has its copies in several data centres (${names.join(', ')}), and ` +
      `CassFS needs them in one: choose it with a replication such as ${names[0]}=3`,
  )
}

/** Undefined where the strategy does not ask for data centres: nodes anywhere get copies. */
function copiedTo(replication: Replication): string[] | undefined {
  const { class: strategy = '', ...copies } = replication
  if (!strategy.endsWith('NetworkTopologyStrategy') || 'replication_factor' in copies)
    return undefined
  return Object.keys(copies).filter((name) => Number.parseInt(copies[name] ?? '', 10) !== 0)
}
