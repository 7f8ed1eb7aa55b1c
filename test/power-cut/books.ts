// Whether what an embedded store holds of its one volume fits together: records, names, counts, log, blocks.

import { DamagedBlock, unpackBlock } from '../../src/content/block-codec.js'
import { isDirectory } from '../../src/posix/mode.js'
import { usedBytes } from '../../src/replica/overlay.js'
import { openEnvironment } from '../../src/store/lmdb/environment.js'
import { createLedgerRows } from '../../src/store/lmdb/ledger-rows.js'
import type { LmdbStore } from '../../src/store/lmdb/lmdb-store.js'
import type { StoredBlock } from '../../src/store/store.js'
import type { BlockRow } from '../../src/tables/block-ledger.js'
import type { Hash, Inode } from '../../src/volume/inode.js'
import { decodeDirent, decodeInode, direntPointer } from '../../src/volume/inode-codec.js'
import { RecordKind, type Uuid, type VolumeRecord } from '../../src/volume/record.js'
import { recordHashes } from '../../src/volume/record-hashes.js'
import { scanAll } from '../store-contract/fixtures.js'

const everything = 1_000_000

export interface Identity {
  readonly volume: Uuid
  readonly ownerId: Uuid
}

/** One sentence for each thing that does not fit. `directory`: of the store, which is open. */
export async function checkBooks(
  store: LmdbStore,
  directory: string,
  { volume, ownerId }: Identity,
): Promise<string[]> {
  const records = await scanAll(store, volume)
  return [
    ...checkNames(store, volume, records),
    ...(await checkLog(store, volume)),
    ...(await checkBlocks(store, directory, ownerId, records)),
  ]
}

function checkNames(store: LmdbStore, volume: Uuid, records: readonly VolumeRecord[]): string[] {
  const wrong: string[] = []
  const tables = store.tables(volume)
  tables.refresh?.()
  const inodes = new Map<number, Inode>()
  const names = new Map<number, { parent: number; name: string }[]>()
  const listed = records.filter(({ kind }) => kind !== RecordKind.journal)
  for (const { kind, parent, name, value } of listed) {
    if (kind === RecordKind.inode) inodes.set(parent, decodeInode(parent, value))
    if (kind !== RecordKind.dirent) continue
    const { ino, inode } = decodeDirent(value)
    if (inode) inodes.set(ino, inode)
    names.set(ino, [...(names.get(ino) ?? []), { parent, name }])
    if (!inode && direntPointer(value) !== ino) wrong.push(`${parent}/${name} leads nowhere`)
    if (!tables.names(ino).some((one) => one.parent === parent && one.name === name))
      wrong.push(`${parent}/${name} is not in the index of names`)
  }
  for (const [ino, places] of names) {
    const inode = inodes.get(ino)
    if (!inode) wrong.push(`${places[0]?.name} leads to ${ino}, which is not there`)
    if (tables.names(ino).length !== places.length) wrong.push(`${ino}: names that are gone`)
  }
  const folders = [...inodes.values()].filter(isDirectory)
  for (const inode of inodes.values()) {
    const inside = folders.filter(({ ino }) => names.get(ino)?.[0]?.parent === inode.ino)
    const nlink = isDirectory(inode) ? 2 + inside.length : (names.get(inode.ino)?.length ?? 0)
    if (inode.nlink !== nlink) wrong.push(`${inode.ino} has ${inode.nlink} links, not ${nlink}`)
  }
  const head = tables.head()
  const bytes = [...inodes.values()].reduce((sum, inode) => sum + usedBytes(inode), 0)
  if (head?.usedInodes !== inodes.size) wrong.push(`${head?.usedInodes} inodes, not ${inodes.size}`)
  if (head?.usedBytes !== bytes) wrong.push(`${head?.usedBytes} bytes used, not ${bytes}`)
  const count = records.filter(({ kind }) => kind !== RecordKind.journal).length
  if (tables.count() !== count) wrong.push(`${tables.count()} records counted, ${count} there`)
  return wrong
}

async function checkLog(store: LmdbStore, volume: Uuid): Promise<string[]> {
  const head = await store.readHead(volume)
  const log = await store.readLog(volume, 0, everything)
  const isWhole = log.every(({ seq }, index) => seq === (log[0]?.seq ?? 0) + index)
  const isChain = log.every(
    (entry, index) => index === 0 || entry.previousRequest === log[index - 1]?.request,
  )
  const last = log.at(-1)
  if (isWhole && isChain && (!last || (last.seq === head?.seq && last.request === head.request)))
    return []
  return [`the log of ${log.length} entries to ${last?.seq} does not lead to ${head?.seq}`]
}

async function checkBlocks(
  store: LmdbStore,
  directory: string,
  owner: Uuid,
  records: readonly VolumeRecord[],
): Promise<string[]> {
  const environment = await openEnvironment(directory, 10_000)
  try {
    const rows = createLedgerRows(environment)
    const named = countNames(records.flatMap(recordHashes), (hash) => rows.block(owner, hash))
    const wrong: string[] = []
    const listed = (await store.listBlocks(owner, undefined, everything)).map(({ hash }) => hash)
    for (const hash of new Set([...listed, ...named.keys()])) {
      const row = rows.block(owner, hash)
      const count = named.get(hash) ?? 0
      if (row?.count !== count)
        wrong.push(`block ${hash} is counted ${row?.count} times, not ${count}`)
      const block = store.getBlockSync(owner, hash)
      if (!block) wrong.push(`block ${hash} is not there`)
      else if (!isWhole(block)) wrong.push(`block ${hash} holds other bytes`)
    }
    return wrong
  } finally {
    await environment.close()
  }
}

function isWhole(block: StoredBlock): boolean {
  return (['data', 'manifest'] as const).some((kind) => {
    try {
      return unpackBlock(block.hash, block, kind).length === block.length
    } catch (error) {
      if (error instanceof DamagedBlock) return false
      throw error
    }
  })
}

/** How often each is named, by records and by manifests that are named themselves. */
function countNames(
  hashes: readonly Hash[],
  row: (hash: Hash) => BlockRow | undefined,
): Map<Hash, number> {
  const named = new Map<Hash, number>()
  const queue = [...hashes]
  for (const hash of queue) {
    const count = named.get(hash) ?? 0
    named.set(hash, count + 1)
    if (count === 0) queue.push(...(row(hash)?.refs ?? []))
  }
  return named
}
