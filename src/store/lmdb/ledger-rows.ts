// The block ledger's rows in LMDB. Writing methods are for within a write transaction.

import type { BlockRow, LedgerRows, Trail } from '../../tables/block-ledger.js'
import type { Hash } from '../../volume/inode.js'
import type { Uuid } from '../../volume/record.js'
import type { Environment } from './environment.js'
import { blockKey, decodeBlockRow, decodeTrailKey, encodeBlockRow, trailKey } from './rows.js'

const nothing = Buffer.alloc(0)

export function createLedgerRows(environment: Environment): LedgerRows {
  const { ledger, blocks, trails } = environment
  return {
    block(owner: Uuid, hash: Hash): BlockRow | undefined {
      const bytes = ledger.getBinary(blockKey(owner, hash))
      return bytes && decodeBlockRow(bytes)
    },
    setBlock(owner: Uuid, hash: Hash, row: BlockRow | undefined): void {
      const key = blockKey(owner, hash)
      if (row) {
        ledger.put(key, encodeBlockRow(row) as Buffer)
      } else {
        ledger.remove(key)
        blocks.remove(key)
      }
    },
    addTrail(trail: Trail): boolean {
      const key = trailKey(trail) as Buffer
      if (trails.doesExist(key)) return false
      trails.put(key, nothing)
      return true
    },
    hasTrail: (trail: Trail): boolean => trails.doesExist(trailKey(trail) as Buffer),
    removeTrail(trail: Trail): void {
      trails.remove(trailKey(trail) as Buffer)
    },
    trails(after: Trail | undefined, limit: number): Trail[] {
      const start = after ? Buffer.concat([trailKey(after), Buffer.of(0)]) : Buffer.of(0)
      return [...trails.getKeys({ start, limit })].map(decodeTrailKey)
    },
  }
}
