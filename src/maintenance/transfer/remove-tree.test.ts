import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { toldTransfer } from '../../../test/transfer/told-transfer.js'
import { Errno, FsError } from '../../posix/errno.js'
import type { WritableFolder } from './folder.js'
import { LocalFolder } from './local-folder.js'
import { removeTree } from './remove-tree.js'

/** The folder, and those in it, with one name that nobody may remove. */
function holding(folder: WritableFolder, held: string): WritableFolder {
  return new Proxy(folder, {
    get(target, key) {
      if (key === 'enter') return async (name: string) => holding(await target.enter(name), held)
      if (key === 'unlink')
        return async (name: string) => {
          if (name === held) throw new FsError(Errno.EPERM)
          return target.unlink(name)
        }
      const value = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

test('a folder of which something is left is not called removed', async () => {
  const root = mkdtempSync(join(tmpdir(), 'cassfs-remove-'))
  const folder = LocalFolder.open(root, () => undefined)
  try {
    mkdirSync(join(root, 'a/b'), { recursive: true })
    for (const name of ['held', 'other']) writeFileSync(join(root, 'a/b', name), '')
    const problems: string[] = []
    const transfer = toldTransfer(problems)
    assert.equal(await removeTree(holding(folder, 'held'), 'a', 'a', transfer), false)
    assert.deepEqual(problems, ['a/b/held: EPERM'])
    assert.equal(transfer.counts.removed, 1)
    assert.equal(await removeTree(folder, 'a', 'a', transfer), true)
    assert.equal(existsSync(join(root, 'a')), false)
    assert.equal(await removeTree(folder, 'a', 'a', transfer), true, 'gone already')
  } finally {
    folder.close()
    rmSync(root, { recursive: true })
  }
})
