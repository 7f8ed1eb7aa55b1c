// Opens images of a state folder, one for each message, and tells what is in them: a process of its own, since
// LMDB may end it where a data file is damaged.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OpenVolume } from '../../src/vfs/open-volume.js'
import { rootIno } from '../../src/volume/inode.js'
import { names, root } from '../vfs/test-vfs.js'
import { checkBooks } from './books.js'
import { describeFolder } from './perform.js'
import { type OpenFolder, openFolder, type Setting } from './state-folder.js'

export interface CheckOrder {
  readonly folder: string
  readonly setting: Setting
}

export interface CheckAnswer {
  /** By folder of the root: undefined where the volume could not be opened. */
  readonly found: readonly (readonly [name: string, text: string])[] | undefined
  /** What does not fit together in the store. */
  readonly wrong: readonly string[]
  readonly warnings: readonly string[]
  readonly isAbsent: boolean
}

async function check({ folder, setting }: CheckOrder): Promise<CheckAnswer> {
  let opened: OpenFolder | undefined
  try {
    opened = await openFolder(folder, setting)
  } catch (error) {
    const { name, message } = error as Error
    return { found: undefined, wrong: [`${name}: ${message}`], warnings: [], isAbsent: false }
  }
  if (!opened) return { found: undefined, wrong: [], warnings: [], isAbsent: true }
  const { volume, warnings } = opened
  try {
    const found: [string, string][] = []
    for (const name of await names(volume.vfs, rootIno)) {
      const inode = await volume.vfs.lookup(root, rootIno, name)
      if (inode) found.push([name, await describeFolder(volume.vfs, inode.ino)])
    }
    await volume.vfs.syncfs(root)
    const wrong = await checkBooks(opened.store, join(folder, 'store'), opened.identity)
    if (!(await isLeaseFree(volume)))
      wrong.push('the write lease belongs to a process of which nothing is known')
    return { found, wrong, warnings, isAbsent: false }
  } finally {
    await opened.close()
  }
}

/** Nobody who wants to write has to wait for a process that the power cut has ended. */
async function isLeaseFree(volume: OpenVolume): Promise<boolean> {
  for (let tries = 0; tries < 1000; tries++) {
    if (volume.status().replica.early.lease !== 'foreign') return true
    await sleep(5)
  }
  return false
}

process.on('message', (order: CheckOrder) => {
  check(order).then(
    (answer) => process.send?.(answer),
    (error: Error) =>
      process.send?.({ found: undefined, wrong: [error.stack], warnings: [], isAbsent: false }),
  )
})
process.on('disconnect', () => process.exit(0))
