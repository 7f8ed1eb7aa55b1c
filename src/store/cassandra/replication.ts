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
          'centre, such as dc1=3,dc2=3',
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
