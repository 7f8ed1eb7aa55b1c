/** Ways to change one thing in a store that `useVolume` has made. */
import assert from 'node:assert/strict'
import {
  decodeBlockRow,
  decodeVolumeRow,
  encodeBlockRow,
  encodeVolumeRow,
} from '../../src/store/lmdb/rows.js'
import { linkKey } from '../../src/tables/lmdb-keys.js'
import { decodeHead, encodeHead } from '../../src/volume/head-codec.js'
import { decodeInode, encodeInode } from '../../src/volume/inode-codec.js'
import { RecordKind } from '../../src/volume/record.js'
import type { RawStore } from './raw-store.js'

const { head, dirent, inode: inodeKind } = RecordKind

export const dirOf = (raw: RawStore) => raw.ino(1, 'dir')

export function changeHead(raw: RawStore, change: Partial<ReturnType<typeof decodeHead>>): void {
  raw.put(head, 0, '', encodeHead({ ...decodeHead(raw.value(head, 0)), ...change }))
}

export function changeShared(raw: RawStore, change: { nlink?: number; mode?: number }): void {
  const ino = raw.ino(dirOf(raw), 'shared')
  const inode = decodeInode(ino, raw.value(inodeKind, ino))
  raw.put(inodeKind, ino, '', encodeInode({ ...inode, ...change }))
}

/** The ledger's row of a block, changed. */
export function changeRow(
  raw: RawStore,
  hash: string,
  change: (row: ReturnType<typeof decodeBlockRow>) => Partial<ReturnType<typeof decodeBlockRow>>,
): void {
  const key = raw.blockKey(hash)
  const row = decodeBlockRow(raw.rows('ledger').getBinary(key) ?? assert.fail('no such row'))
  raw.rows('ledger').putSync(key, Buffer.from(encodeBlockRow({ ...row, ...change(row) })))
}

export function changeBytes(raw: RawStore, hash: string): void {
  const key = raw.blockKey(hash)
  const bytes = raw.rows('blocks').getBinary(key) ?? assert.fail('no such block')
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  raw.rows('blocks').putSync(key, bytes)
}

export function changeVolumeRow(raw: RawStore, change: { count?: number; owner?: string }): void {
  const row = decodeVolumeRow(raw.rows('volumes').getBinary(raw.volume) ?? assert.fail())
  const key = raw.volume
  raw.rows('volumes').putSync(key, Buffer.from(encodeVolumeRow({ ...row, ...change })))
}

export const seqOf = (raw: RawStore) => decodeHead(raw.value(head, 0)).seq

/** A manifest's last block that a manifest names. */
export function lastBlock(raw: RawStore): string {
  const row = raw.rows('ledger').getBinary(raw.blockKey(raw.hashOf(dirOf(raw), 'big')))
  return decodeBlockRow(row ?? assert.fail()).refs.at(-1) ?? assert.fail()
}

/** Moves the entry of a directory with all that the index says of it. */
export function moveEntry(raw: RawStore, from: [number, string], to: [number, string]): void {
  const value = raw.value(dirent, ...from)
  const ino = raw.ino(...from)
  raw.remove(dirent, ...from)
  raw.put(dirent, ...to, value)
  raw.rows('links').removeSync(linkKey(raw.volume, ino, ...from))
  raw.rows('links').putSync(linkKey(raw.volume, ino, ...to), Buffer.alloc(0))
}

export function cutShort(raw: RawStore, kind: 1 | 2, parent: number, name = ''): void {
  raw.put(kind, parent, name, raw.value(kind, parent, name).subarray(0, 12))
}

export type Damage = [name: string, damage: (raw: RawStore) => void, findings: (string | RegExp)[]]
