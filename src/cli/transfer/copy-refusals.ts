// What cp refuses, because it would go on without end or lose a file.

import type { Folder } from '../../maintenance/transfer/folder.js'
import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory } from '../../posix/mode.js'
import type { Vfs } from '../../vfs/vfs.js'

/** What is copied stands in `folder`; without a name it is the folder itself. */
export interface Opened<Kind extends Folder> {
  readonly folder: Kind
  readonly name: string | undefined
  /** A slash stands behind the name. */
  readonly isFolderAsked: boolean
}

export async function createCopyRefusals(vfs: Vfs) {
  const { isBelow } = await import('../../maintenance/transfer/volume-paths.js')
  const taken = new Set<string>()

  return {
    async intoItself(source: Folder, target: Folder): Promise<void> {
      if (await isBelow(vfs, target, source))
        throw new FsError(Errno.EINVAL, 'a folder cannot be copied into itself')
    },

    async same(from: Opened<Folder>, to: Opened<Folder>): Promise<void> {
      const isSameFolder =
        (await isBelow(vfs, to.folder, from.folder)) && (await isBelow(vfs, from.folder, to.folder))
      if (isSameFolder && from.name === (to.name ?? from.name)) throw ontoItself()
    },

    /**
     * Neither a link onto the file that it leads to, which would be lost, nor a file onto another of its names.
     * `file`: what the source leads to, by its number in the volume.
     */
    async target(file: string, from: Opened<Folder>, to: Opened<Folder>): Promise<void> {
      const name = to.name ?? from.name
      const existing = name === undefined ? undefined : await to.folder.look(name)
      if (existing && !isDirectory(existing) && existing.fileId === file) throw ontoItself()
    },

    /** Of several sources: a second one that would get the name that another one has got in the destination. */
    secondOf(name: string): void {
      if (taken.has(name))
        throw new FsError(Errno.EEXIST, 'it would replace what was copied under the same name')
      taken.add(name)
    },

    slash(from: Opened<Folder>, to: Opened<Folder>): void {
      if (from.isFolderAsked || to.isFolderAsked)
        throw new FsError(Errno.ENOTDIR, 'a slash stands behind what is no folder')
    },
  }
}

function ontoItself(): FsError {
  return new FsError(Errno.EINVAL, 'it cannot be copied onto itself')
}
