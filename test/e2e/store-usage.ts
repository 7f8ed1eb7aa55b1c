/** What an embedded store holds, read while nobody has it open. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { openEnvironment } from '../../src/store/lmdb/environment.js'
import type { Target } from '../support/target.js'

export interface StoreUsage {
  /** Pages of data.mdb that hold something, by LMDB's own statistics. */
  readonly usedBytes: number
  /** What data.mdb takes on the disk. */
  readonly diskBytes: number
  /** Entries in the database of blocks, and bytes of their values. */
  readonly blocks: { readonly count: number; readonly bytes: number }
}

/** Of an unmounted target on the embedded store. */
export async function readUsage({ workDir }: Target): Promise<StoreUsage> {
  const directory = join(workDir, 'state', 'store')
  const environment = await openEnvironment(directory, 10_000)
  try {
    const blocks = { count: 0, bytes: 0 }
    for (const { value } of environment.blocks.getRange({})) {
      blocks.count++
      blocks.bytes += value.length
    }
    const { usedBytes } = environment.usage()
    return { usedBytes, diskBytes: statSync(join(directory, 'data.mdb')).blocks * 512, blocks }
  } finally {
    await environment.close()
  }
}
