// Commits to a volume of an embedded store until it is killed, and says after each commit which seq
// was acknowledged. Started by lmdb-crash.test.ts; arguments: directory, volume, owner.

import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.js'
import { RecordKind } from '../../src/volume/record.js'
import { recordHashes } from '../../src/volume/record-hashes.js'
import { commitOf, dirent, newBlock, settle } from './fixtures.js'

const [, , directory, volume, owner] = process.argv
if (!directory || !volume || !owner || !process.send) throw new Error('started by hand')
const store = await openLmdbStore({ directory })

/** Entry N puts `N` into directories 1 and 2 and a block into 3, and removes what entry N - 20 put. */
for (;;) {
  const head = await store.readHead(volume)
  if (!head) throw new Error('no volume')
  const block = newBlock(3000)
  await store.putBlocks(owner, [block])
  const seq = head.seq + 1
  const old = await store.scanDirectory(volume, 3, undefined, 1)
  const isFull = seq > 20
  const deletes = isFull ? [1, 2, 3].map((parent) => nameOf(parent, seq - 20)) : []
  const puts = [dirent(1, name(seq), seq + 10), dirent(2, name(seq), seq + 10)]
  const ceases = isFull ? hashesOf(old.records[0]?.value) : []
  const commit = commitOf(
    { volume, owner, head },
    {
      puts: [...puts, dirent(3, name(seq), seq, block.hash)],
      deletes,
      begins: [block.hash],
      ceases,
    },
  )
  const outcome = await settle(store, commit)
  if (outcome.kind === 'missing') throw new Error('a block that was acknowledged is missing')
  if (outcome.kind === 'applied') process.send(seq)
}

function name(seq: number): string {
  return String(seq).padStart(9, '0')
}

function nameOf(parent: number, seq: number) {
  const { kind } = dirent(parent, name(seq), 1)
  return { kind, parent, name: name(seq) }
}

function hashesOf(value: Uint8Array | undefined): string[] {
  if (!value) throw new Error('the oldest entry is gone')
  return recordHashes({ kind: RecordKind.dirent, parent: 3, name: '', value })
}
