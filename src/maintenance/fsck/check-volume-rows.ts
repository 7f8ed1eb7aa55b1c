// What an embedded engine keeps of a volume beside its records: how many there are, how much log, and the index
// from inodes to names.

import type { Row, Snapshot, VolumeRow } from '../../store/store.js'
import { direntIno } from '../../volume/inode-codec.js'
import type { Uuid } from '../../volume/record.js'
import type { Report } from './finding.js'
import { addTo, type TreeFacts } from './tree-facts.js'

/** The volume's row; tells where it cannot be read. */
export function volumeRowOf(
  snapshot: Snapshot,
  volume: Uuid,
  report: Report,
): VolumeRow | undefined {
  let row: Row<VolumeRow>
  for (const each of snapshot.volumes()) if (each.volume === volume) row = each.row
  if (row && !(row instanceof Error)) return row
  report.finding({
    check: 'books',
    message: `the row of the volume: ${row?.message ?? 'is missing'}`,
  })
  return undefined
}

export function checkVolumeRow(row: VolumeRow, owner: Uuid, count: number, report: Report): void {
  const tell = (message: string) => report.finding({ check: 'books', message })
  if (row.owner !== owner) tell(`the volume is booked to owner ${row.owner} instead of ${owner}`)
  if (row.count !== count)
    tell(`the volume's row counts ${row.count} records, and there are ${count}`)
}

/** Each entry stands in the index once, and nothing else does. */
export function checkIndex(
  snapshot: Snapshot,
  volume: Uuid,
  facts: TreeFacts,
  report: Report,
): void {
  const links = snapshot.links(volume)
  if (!links) return
  const { tree } = facts
  // No two rows of the index are the same: where the right ones are as many as the names, all are there.
  const found = new Map<number, number>()
  for (const { ino, parent, name } of links) {
    const value = tree.dirent(parent, name)
    const own = value && inoOf(value)
    if (own === ino) addTo(found, ino)
    if (own === ino || (value && own === undefined)) continue
    const path = facts.pathOf({ parent, name })
    const message = `the index has it as a name of inode ${ino}, which it is not`
    report.finding({ check: 'index', path, message })
  }
  const lacking = new Set(
    [...facts.names].flatMap(([ino, n]) => (found.get(ino) === n ? [] : [ino])),
  )
  if (lacking.size === 0) return
  const indexed = new Set<string>()
  for (const { ino, parent, name } of snapshot.links(volume) ?? [])
    if (lacking.has(ino)) indexed.add(`${ino}/${parent}/${name}`)
  for (const { parent, name, value } of tree.dirents()) {
    const ino = inoOf(value)
    if (ino === undefined || !lacking.has(ino) || indexed.has(`${ino}/${parent}/${name}`)) continue
    const path = facts.pathOf({ parent, name })
    report.finding({ check: 'index', path, message: 'the index lacks it' })
  }
}

/** Undefined where it cannot be read, which was told. */
function inoOf(value: Buffer): number | undefined {
  try {
    return direntIno(value)
  } catch {
    return undefined
  }
}
