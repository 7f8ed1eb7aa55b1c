// A volume with nothing but its root, for tests of the replica.

import { randomUUID } from 'node:crypto'
import type { Store } from '../../src/store/store.js'
import { type Head, VolumeState } from '../../src/volume/head.js'
import { encodeInode } from '../../src/volume/inode-codec.js'
import { RecordKind, type Uuid } from '../../src/volume/record.js'
import { newInode } from './tree-rules.js'

export interface EmptyVolume {
  readonly volume: Uuid
  readonly owner: Uuid
  readonly ownerName: string
}

export async function createEmptyVolume(
  store: Store,
  quotas: Partial<Pick<Head, 'quotaBytes' | 'quotaInodes'>> = {},
  newUuid: () => Uuid = randomUUID,
): Promise<EmptyVolume> {
  const owner = newUuid()
  const volume = newUuid()
  const ownerName = `owner-${owner.slice(0, 8)}`
  const made = await store.compareAndSetOwner(ownerName, undefined, { id: owner, nextIno: 2 })
  if (made.kind !== 'applied') throw new Error(`the owner could not be made: ${made.kind}`)
  const head: Head = {
    seq: 0,
    request: newUuid(),
    state: VolumeState.live,
    usedBytes: 0,
    usedInodes: 1,
    quotaBytes: 0,
    quotaInodes: 0,
    ...quotas,
  }
  const root = { ...newInode(1, 0o040755, { sec: 1, nsec: 0 }), shared: true }
  const record = { kind: RecordKind.inode, parent: 1, name: '', value: encodeInode(root) }
  await store.firstLoad(volume, owner, [[record]], head)
  return { volume, owner, ownerName }
}
