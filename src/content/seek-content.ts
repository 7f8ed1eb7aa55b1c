// SEEK_DATA and SEEK_HOLE of lseek(2) on a content. Manifests without holes are passed by unopened.

import type { BlockSource } from './block-source.js'
import type { Stored } from './content.js'
import { contentLength, Held, type Part, partsOf, walk } from './content-parts.js'

/** As ContentStore.seek. */
export function seekContent(
  source: BlockSource,
  inode: Stored,
  offset: number,
  what: 'data' | 'hole',
): number | undefined | Promise<number | undefined> {
  if (offset >= inode.size) return undefined
  const held = new Held(source)
  const parts = partsOf(inode.content)
  const end = Math.min(inode.size, contentLength(inode.content))
  const otherwise = what === 'hole' ? Math.max(offset, end) : undefined
  const step = () => find(parts, offset, end, what, held)
  const first = step()
  if (held.missing) return seekLater(step, held, otherwise)
  return first ?? otherwise
}

/** The first place found while nothing before it was missing. */
function find(
  parts: readonly Part[],
  offset: number,
  end: number,
  what: 'data' | 'hole',
  held: Held,
): number | undefined {
  let found: number | undefined
  walk(
    parts,
    offset,
    end,
    held,
    (part, at) => {
      if (held.missing) return false
      const hole = part.kind === 'hole'
      if (hole !== (what === 'hole')) return true
      found = Math.max(at, offset)
      return false
    },
    (node) => held.missing || !node.holes,
  )
  return found
}

async function seekLater(
  step: () => number | undefined,
  held: Held,
  otherwise: number | undefined,
): Promise<number | undefined> {
  while (true) {
    await held.load()
    const found = step()
    if (!held.missing) return found ?? otherwise
  }
}
