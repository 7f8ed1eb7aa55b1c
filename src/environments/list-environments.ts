// The environments of an owner, as `cassfs env list` shows them.

import type { Store } from '../store/store.js'
import { VolumeState } from '../volume/head.js'

export interface EnvironmentSummary {
  readonly environment: string
  readonly state: 'loading' | 'live' | 'frozen' | 'moved' | 'deleting' | 'unknown'
  readonly volume: string
  readonly createdMs: number
  /** Bytes and inodes in use; undefined while the volume is not complete. */
  readonly usedBytes: number | undefined
  readonly usedInodes: number | undefined
  /** Processes that have it open. */
  readonly sessions: number
}

/** In the order of their names. */
export async function listEnvironments(store: Store, owner: string): Promise<EnvironmentSummary[]> {
  const entries = await store.listEnvironments(owner)
  const summaries = entries.map(async (entry): Promise<EnvironmentSummary> => {
    const head = await store.readHead(entry.volume)
    const sessions = await store.listLeases(`session/${entry.volume}/`)
    return {
      environment: entry.environment,
      state: stateName(entry.state),
      volume: entry.volume,
      createdMs: entry.createdMs,
      usedBytes: head?.usedBytes,
      usedInodes: head?.usedInodes,
      sessions: sessions.length,
    }
  })
  const listed = await Promise.all(summaries)
  return listed.sort((a, b) => (a.environment < b.environment ? -1 : 1))
}

function stateName(state: number): EnvironmentSummary['state'] {
  const known = Object.entries(VolumeState).find(([, value]) => value === state)
  return (known?.[0] as EnvironmentSummary['state'] | undefined) ?? 'unknown'
}
