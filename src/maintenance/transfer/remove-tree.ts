// Removes what a name stands for, a folder with all that is in it. Links are removed, never followed.

import { isDirectory } from '../../posix/mode.js'
import type { Name } from '../../volume/name.js'
import type { WritableFolder } from './folder.js'
import { joined, type Transfer } from './transfer.js'

/** `path` is what it is told as. What is gone already is no error. False: something of it is left. */
export async function removeTree(
  folder: WritableFolder,
  name: Name,
  path: Name,
  transfer: Transfer,
): Promise<boolean> {
  transfer.checkSignal()
  let isLeft = false
  const isDone = await transfer.guard(path, async () => {
    const entry = await folder.look(name)
    if (!entry) return
    if (isDirectory(entry)) {
      isLeft = !(await emptyFolder(folder, name, path, transfer))
      if (isLeft) return
      if (!transfer.options.dryRun) await folder.rmdir(name)
    } else if (!transfer.options.dryRun) await folder.unlink(name)
    transfer.counts.removed++
    transfer.change('remove', path)
  })
  return isDone && !isLeft
}

async function emptyFolder(
  parent: WritableFolder,
  name: Name,
  path: Name,
  transfer: Transfer,
): Promise<boolean> {
  const folder = await parent.enter(name)
  try {
    return await removeContents(folder, path, transfer)
  } finally {
    folder.close()
  }
}

/** All that is in a folder; the folder stays. False: something is left. */
export async function removeContents(
  folder: WritableFolder,
  path: Name,
  transfer: Transfer,
): Promise<boolean> {
  let isEmpty = true
  for (const name of await folder.names())
    if (!(await removeTree(folder, name, joined(path, name), transfer))) isEmpty = false
  return isEmpty
}
