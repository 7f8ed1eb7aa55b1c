// An operation on a real volume, as the kernel calls it; and what a folder of a volume is seen to hold.

import { isDirectory, isSymlink, permissionBits } from '../../src/posix/mode.js'
import { O_APPEND, O_CREAT, O_RDWR, O_TRUNC, O_WRONLY } from '../../src/posix/open-flags.js'
import { RenameFlag, type Vfs } from '../../src/vfs/vfs.js'
import type { Inode } from '../../src/volume/inode.js'
import { close, names, root } from '../vfs/test-vfs.js'
import {
  attributeName,
  contentOf,
  describeEntry,
  type Entry,
  type Operation,
  temporaryName,
} from './steps.js'

interface Place {
  readonly parent: number
  readonly name: string
}

export async function perform(vfs: Vfs, folder: number, operation: Operation): Promise<void> {
  const at = (name: string) => placeOf(vfs, folder, name)
  const ino = async (name: string) => inoOf(vfs, await at(name))
  switch (operation.kind) {
    case 'save':
    case 'append': {
      const mode = operation.kind === 'save' ? O_TRUNC : O_APPEND
      return writeFile(vfs, await at(operation.name), { ...operation, flags: mode, offset: 0 })
    }
    case 'patch':
      return writeFile(vfs, await at(operation.name), {
        ...operation,
        flags: 0,
        offset: operation.at,
      })
    case 'replace': {
      const [from, to] = [await at(temporaryName(operation.name)), await at(operation.name)]
      await writeFile(vfs, from, { ...operation, flags: O_TRUNC, offset: 0 })
      return vfs.rename(root, from.parent, from.name, to.parent, to.name, 0)
    }
    case 'truncate':
      await vfs.setattr(root, await ino(operation.name), { size: operation.size })
      return
    case 'chmod':
      await vfs.setattr(root, await ino(operation.name), { mode: operation.mode })
      return
    case 'setxattr':
      return vfs.setxattr(root, await ino(operation.name), attributeName, contentOf(operation), 0)
    case 'adopt':
      return adopt(vfs, await at(operation.name), contentOf(operation))
    case 'syncdir': {
      const handle = await vfs.opendir(root, folder)
      await vfs.fsyncdir(root, handle)
      return vfs.releasedir(root, handle)
    }
    default:
      return changeName(vfs, await at(operation.name), operation, at)
  }
}

async function changeName(
  vfs: Vfs,
  { parent, name }: Place,
  operation: Operation & {
    kind: 'rename' | 'exchange' | 'link' | 'unlink' | 'mkdir' | 'rmdir' | 'symlink'
  },
  at: (name: string) => Promise<Place>,
): Promise<void> {
  switch (operation.kind) {
    case 'rename':
    case 'exchange': {
      const to = await at(operation.to)
      const flags = operation.kind === 'exchange' ? RenameFlag.exchange : 0
      return vfs.rename(root, parent, name, to.parent, to.name, flags)
    }
    case 'link': {
      const to = await at(operation.to)
      await vfs.link(root, await inoOf(vfs, { parent, name }), to.parent, to.name)
      return
    }
    case 'unlink':
      return vfs.unlink(root, parent, name)
    case 'rmdir':
      return vfs.rmdir(root, parent, name)
    case 'mkdir':
      await vfs.mkdir(root, parent, name, 0o755)
      return
    case 'symlink':
      await vfs.symlink(root, parent, name, operation.to)
  }
}

async function writeFile(
  vfs: Vfs,
  { parent, name }: Place,
  options: { seed: number; size: number; flags: number; offset: number; isSynced?: boolean },
): Promise<void> {
  const flags = options.flags | O_RDWR | O_CREAT
  const { handle } = await vfs.create(root, parent, name, 0o644, flags)
  const append = (flags & O_APPEND) !== 0
  const data = contentOf(options)
  if (data.length > 0) await vfs.write(root, handle, options.offset, data, { append })
  if (options.isSynced) await vfs.fsync(root, handle, false)
  await close(vfs, handle)
}

async function adopt(vfs: Vfs, { parent, name }: Place, data: Buffer): Promise<void> {
  const { inode, handle } = await vfs.tmpfile(root, parent, 0o644, O_WRONLY)
  if (data.length > 0) await vfs.write(root, handle, 0, data)
  await vfs.link(root, inode.ino, parent, name)
  await close(vfs, handle)
}

async function placeOf(vfs: Vfs, folder: number, path: string): Promise<Place> {
  const at = path.lastIndexOf('/')
  if (at < 0) return { parent: folder, name: path }
  const parent = await inoOf(vfs, { parent: folder, name: path.slice(0, at) })
  return { parent, name: path.slice(at + 1) }
}

async function inoOf(vfs: Vfs, { parent, name }: Place): Promise<number> {
  const inode = await vfs.lookup(root, parent, name)
  if (!inode) throw new Error(`there is no ${name}`)
  return inode.ino
}

/** A folder as `describeState` has it. */
export async function describeFolder(vfs: Vfs, folder: number): Promise<string> {
  const lines: string[] = []
  const visit = async (ino: number, prefix: string) => {
    for (const name of await names(vfs, ino)) {
      const inode = await vfs.lookup(root, ino, name)
      if (!inode) throw new Error(`${prefix}${name} is listed, but not found`)
      const nlink = isDirectory(inode) ? '-' : inode.nlink
      lines.push(describeEntry(prefix + name, await entryOf(vfs, inode), nlink))
      if (isDirectory(inode)) await visit(inode.ino, `${prefix}${name}/`)
    }
  }
  await visit(folder, '')
  return lines.sort().join('\n')
}

async function entryOf(vfs: Vfs, inode: Inode): Promise<Entry> {
  const mode = inode.mode & permissionBits
  const value = await vfs.getxattr(root, inode.ino, attributeName)
  const attribute = value && Buffer.from(value)
  const none = Buffer.alloc(0)
  if (isDirectory(inode)) return { kind: 'directory', mode, content: none, attribute }
  if (isSymlink(inode))
    return { kind: 'symlink', mode, content: Buffer.from(inode.target, 'latin1'), attribute }
  const handle = await vfs.open(root, inode.ino, 0)
  const content = Buffer.concat(await vfs.read(root, handle, 0, inode.size + 1))
  await vfs.release(root, handle)
  return { kind: 'file', mode, content, attribute }
}
