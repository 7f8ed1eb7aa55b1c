// Contents over blocks in memory, for tests: one file written and saved as tests say it, and other mounts of
// it that have nothing cached.

import assert from 'node:assert/strict'
import type { ContentStore } from '../../src/content/content.js'
import { createSpool } from '../../src/content/create-spool.js'
import { openContentStore } from '../../src/content/open-content-store.js'
import type { Spool } from '../../src/content/spool.js'
import { openSpoolStorage } from '../../src/content/spool-storage.js'
import { FsError } from '../../src/posix/errno.js'
import type { Content, Hash } from '../../src/volume/inode.js'
import { owner, TestBlockStore } from './block-store.js'
import { SavedFile } from './saved-file.js'

/** Bytes of a full block. */
export const block = 256 * 1024

/** Spools of these tests stay in memory. */
export function memoryStorage(bytes = 2 ** 26) {
  return openSpoolStorage({
    directory: '/nowhere',
    memoryBytesMax: bytes,
    fileMemoryBytesMax: bytes,
  })
}

const storage = memoryStorage()

export interface Fixture {
  readonly store: TestBlockStore
  readonly content: ContentStore
  readonly file: SavedFile
}

export function fixture(synchronous = false): Fixture {
  const store = new TestBlockStore(synchronous)
  const content = openContentStore({ store, owner })
  return { store, content, file: new SavedFile(content) }
}

/** Another mount: the same blocks, nothing cached. */
export function cold({ store, file }: Pick<Fixture, 'store' | 'file'>): SavedFile {
  const other = new SavedFile(openContentStore({ store, owner }))
  other.committed = file.committed
  return other
}

/** Makes changes in a spool of its own, and saves them. */
export async function change(file: SavedFile, act: (spool: Spool) => void): Promise<void> {
  const spool = createSpool(storage)
  act(spool)
  await file.save(spool)
  spool.close()
}

export function write(file: SavedFile, offset: number, data: Buffer): Promise<void> {
  return change(file, (spool) => spool.write(offset, data, file.committed.size))
}

/** The hashes that an inode of this content names itself. */
export function hashesOf(content: Content): Hash[] {
  return content.kind === 'block' || content.kind === 'manifest' ? [content.hash] : []
}

export async function all(hashes: AsyncIterable<Hash>): Promise<Hash[]> {
  const list: Hash[] = []
  for await (const hash of hashes) list.push(hash)
  return list
}

/** What an assertion about a rejection takes: FsError EIO with such a message. */
export function eio(message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof FsError)
    assert.equal(error.code, 'EIO')
    assert.match(error.message, message)
    return true
  }
}
