// Volumes for tests: several over one store in memory, or on an embedded store in a folder of the test's own.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type LibraryOptions, openOnStore, openVolume } from '../../src/library/open-volume.js'
import type { Volume } from '../../src/library/volume.js'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import type { Store } from '../../src/store/store.js'

/** Opens one more volume over the same store; all are closed when the test ends. */
export type Opener = (options?: Partial<LibraryOptions>) => Promise<Volume>

/** `wrap` stands between the volumes and the store. */
export function inMemory(t: TestContext, wrap = (store: Store) => store): Opener {
  const store = createMemoryStore()
  return opener(t, (options) => openOnStore(wrap(store), options))
}

export function onDisk(t: TestContext): Opener {
  return opener(t, openVolume, temporaryFolder(t))
}

export const openers: readonly (readonly [string, (t: TestContext) => Opener])[] = [
  ['in memory', (t) => inMemory(t)],
  ['on the embedded store', onDisk],
]

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cassfs-library-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function opener(
  t: TestContext,
  open: (options: LibraryOptions) => Promise<Volume>,
  folder?: string,
): Opener {
  const store = folder
    ? ({ engine: 'lmdb', directory: join(folder, 'store') } as const)
    : ({ engine: 'memory' } as const)
  return async (options = {}) => {
    const volume = await open({ store, create: true, ...options })
    t.after(() => volume.close().catch(() => undefined))
    return volume
  }
}
