/** A store that stops answering in the middle of an import: told, nothing half done, and carried on later. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { copyTree } from '../../src/maintenance/transfer/copy-tree.js'
import { LocalFolder } from '../../src/maintenance/transfer/local-folder.js'
import {
  Transfer,
  type TransferOptions,
  TransferProblem,
} from '../../src/maintenance/transfer/transfer.js'
import { VolumeFolder } from '../../src/maintenance/transfer/volume-folder.js'
import { Errno, FsError } from '../../src/posix/errno.js'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import type { Vfs } from '../../src/vfs/vfs.js'
import { rootIno } from '../../src/volume/inode.js'
import { withVfs } from '../vfs/test-vfs.js'
import { createUnreliableStore } from '../vfs/unreliable-store.js'

const files = 60
const contentOf = (number: number) => `content ${number} `.repeat(3000)

async function importInto(vfs: Vfs, folder: string, made: (path: string) => void) {
  const options: TransferOptions = {
    compare: 'times',
    delete: false,
    dryRun: false,
    keepGoing: true,
    pathBytesMax: 4095,
    signal: new AbortController().signal,
  }
  const problems: string[] = []
  const transfer = new Transfer(options, {
    problem: ({ path }) => problems.push(path),
    change: (_what, path) => made(path),
  })
  const source = LocalFolder.open(folder, () => undefined)
  try {
    await copyTree(source, new VolumeFolder(vfs, rootIno), transfer)
  } finally {
    source.close()
  }
  return { counts: transfer.counts, problems }
}

test('a store that is away ends an import even with --keep-going; it goes on when the store is back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cassfs-away-'))
  mkdirSync(join(folder, 'tree'))
  for (let number = 0; number < files; number++)
    writeFileSync(join(folder, 'tree', `file${number}`), contentOf(number))
  const store = createUnreliableStore(createMemoryStore(), {
    seed: 1,
    delayMsMax: 4,
    unknownCommits: 0,
  })
  try {
    await withVfs({ store, replica: { limits: { deadlineMs: 500 } } }, async (vfs, { replica }) => {
      const done: string[] = []
      const importing = importInto(vfs, join(folder, 'tree'), (path) => {
        done.push(path)
        if (done.length === 20) store.cut = true
      })
      await assert.rejects(importing, (error) => {
        assert.ok(error instanceof TransferProblem)
        assert.ok(error.cause instanceof FsError)
        assert.equal(error.cause.errno, Errno.EIO)
        return true
      })
      store.cut = false
      while (replica.status().state === 'offline') await replica.poll().catch(() => undefined)
      const again = await importInto(vfs, join(folder, 'tree'), () => undefined)
      assert.ok(again.counts.unchanged >= 20, JSON.stringify(again.counts))
      assert.equal(again.counts.unchanged + again.counts.files, files)
      const root = new VolumeFolder(vfs, rootIno)
      assert.equal((await root.names()).length, files, 'nothing else is left')
      for (let number = 0; number < files; number++) {
        const content = await root.read(`file${number}`)
        const parts: Buffer[] = []
        for await (const { bytes } of content.pieces()) parts.push(Buffer.from(bytes))
        await content.close()
        assert.deepEqual(Buffer.concat(parts), readFileSync(join(folder, 'tree', `file${number}`)))
      }
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
