// What one change does to a volume, worked out once: the records that it leaves, the blocks that it begins to
// name, how much more is used. A change that was answered early is committed as it was answered, for as long
// as nobody else has changed anything since.

import type { Hash, Inode } from '../volume/inode.js'
import type { Overlay, Touched, Usage } from './overlay.js'
import { namedHashChanges, type RecordWrite, recordWrites } from './records.js'

export interface Step {
  readonly writes: readonly RecordWrite[]
  /** Bytes of `writes`, about as they are in an entry, and hardly less. */
  readonly bytes: number
  readonly inodes: readonly InodeStep[]
  readonly begins: readonly Hash[]
  readonly added: Usage
}

export interface InodeStep {
  readonly ino: number
  readonly before: Inode | undefined
  readonly after: Inode | undefined
}

/** Of the step that has just ended in `after`. Undefined: it changes nothing. */
export function stepOf(after: Overlay, { inodes, dirents, added }: Touched): Step | undefined {
  if (inodes.size + dirents.length === 0) return undefined
  const writes = recordWrites(after, { inodes, dirents })
  if (writes.length === 0) return undefined
  let bytes = 0
  for (const { name, value } of writes) bytes += 16 + name.length + (value?.length ?? 0)
  const steps: InodeStep[] = []
  for (const [ino, before] of inodes) steps.push({ ino, before, after: after.inode(ino) })
  const { begins } = namedHashChanges(steps)
  return { writes, bytes, inodes: steps, begins, added }
}
