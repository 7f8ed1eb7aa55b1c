// What every engine must do, and every decorator must keep: one suite, run over all of them.

import { after, before, describe } from 'node:test'
import type { Store } from '../../src/store/store.js'
import type { Uuid } from '../../src/volume/record.js'
import { blockTests } from './blocks.js'
import { commitTests } from './commits.js'
import { embeddedBlockTests } from './embedded-blocks.js'
import { firstLoadTests } from './first-load.js'
import { logTests } from './log.js'
import { registryTests } from './registry.js'
import { scanTests } from './scans.js'
import { snapshotTests } from './snapshots.js'
import { tablesTests } from './tables.js'

export interface StoreUnderTest {
  readonly store: Store
  /** Another client of the same data: another process, as far as the engine can tell. */
  readonly other: Store
  /** Makes the log forget entries up to `seq`; absent where only time does it. */
  expireLog?(volume: Uuid, seq: number): Promise<void>
  /** Has the engine delete the blocks that nobody needs; absent where it keeps no books of them. */
  sweep?(): Promise<void>
  /** Lets time pass as the store's clock shows it: by waiting, or by turning the clock. */
  pass(ms: number): Promise<void>
  close(): Promise<void>
}

/** What the parts of the suite get: the engine is open only while tests run. */
export type Opened = () => StoreUnderTest

/** Defines the suite; `open` is called once. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let opened: StoreUnderTest | undefined
    const use: Opened = () => {
      if (!opened) throw new Error('the engine is not open')
      return opened
    }
    before(async () => {
      opened = await open()
    })
    after(async () => {
      await opened?.close()
    })
    firstLoadTests(use)
    commitTests(use)
    logTests(use)
    scanTests(use)
    blockTests(use)
    embeddedBlockTests(use)
    tablesTests(use)
    snapshotTests(use)
    registryTests(use)
  })
}
