// All rows of an environment as one read transaction sees them, for checks. Nothing here throws for a row that
// cannot be read: that is what a check is to find. While it is open LMDB uses no page again that was freed
// since, so the file grows with what is written meanwhile.

import { join } from 'node:path'
import type { Transaction } from 'lmdb'
import { checkPages } from '../../tables/check-pages.js'
import { idBytes, inoOfLink, linkKey, ownKey, ownLink, recordKey } from '../../tables/lmdb-keys.js'
import type { ByteDatabase } from '../../tables/lmdb-tables.js'
import { decodeHead } from '../../volume/head-codec.js'
import { decodeLogEntry } from '../../volume/log-entry-codec.js'
import { RecordKind, type Uuid } from '../../volume/record.js'
import type { Row, Snapshot } from '../store.js'
import type { Environment } from './environment.js'
import {
  blockHash,
  blockKey,
  decodeBlock,
  decodeBlockRow,
  decodeTrailKey,
  decodeVolumeRow,
  uuidOf,
} from './rows.js'

/** Close it. */
export function openSnapshot(environment: Environment): Snapshot {
  const { records, links, volumes, blocks, ledger, trails } = environment
  const { transaction, close } = environment.beginSnapshot()
  const value = (database: ByteDatabase, key: Buffer) => database.get(key, { transaction })
  const ofVolume = (volume: Uuid, from: number, to: number) => {
    const prefix = idBytes(volume)
    const range = { start: recordKey(prefix, from, 0, ''), end: recordKey(prefix, to, 0, '') }
    return records.getRange({ ...range, transaction })
  }
  return {
    volumes: () =>
      volumes.getRange({ transaction }).map(({ key, value: row }) => ({
        volume: uuidOf(key),
        row: read(row, decodeVolumeRow),
      })),
    head(volume) {
      const key = recordKey(idBytes(volume), RecordKind.head, 0, '')
      return read(value(records, key), decodeHead)
    },
    records: (volume) =>
      ofVolume(volume, RecordKind.dirent, RecordKind.journal + 1).map(({ key, value: bytes }) => ({
        ...ownKey(key),
        value: bytes,
      })),
    log: (volume) =>
      ofVolume(volume, RecordKind.log, RecordKind.log + 1).map(({ key, value: bytes }) => ({
        seq: ownKey(key).parent,
        entry: read(bytes, decodeLogEntry),
      })),
    links(volume) {
      const prefix = idBytes(volume)
      const start = linkKey(prefix, 0, 0, '')
      const end = linkKey(prefix, Number.MAX_SAFE_INTEGER, 0, '')
      return links
        .getKeys({ start, end, transaction })
        .map((key) => ({ ino: inoOfLink(key), ...ownLink(key) }))
    },
    ledger: (owner) =>
      ledger.getRange(ofOwner(owner, transaction)).map(({ key, value: row }) => ({
        hash: blockHash(key),
        row: read(row, decodeBlockRow),
      })),
    trails: () => trails.getKeys({ transaction }).map(decodeTrailKey),
    block: (owner, hash) =>
      read(value(blocks, blockKey(owner, hash)), (bytes) => decodeBlock(hash, bytes)),
    hasBlock(owner, hash) {
      const start = blockKey(owner, hash)
      const end = Buffer.concat([start, Buffer.of(0)])
      return [...blocks.getKeys({ start, end, limit: 1, transaction })].length > 0
    },
    blocks: (owner) => blocks.getKeys(ofOwner(owner, transaction)).map(blockHash),
    fileFaults: (onPage) => checkPages(join(environment.directory, 'data.mdb'), onPage),
    close,
  }
}

function ofOwner(owner: Uuid, transaction: Transaction) {
  const start = idBytes(owner)
  return { start, end: Buffer.concat([start, Buffer.alloc(33, 0xff)]), transaction }
}

function read<T>(bytes: Buffer | undefined, decode: (bytes: Buffer) => T): Row<T> {
  try {
    return bytes && decode(bytes)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
