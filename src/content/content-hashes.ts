// All blocks that a content needs: what a garbage collection marks and a check looks up.

import type { Content, Hash } from '../volume/inode.js'
import type { BlockSource } from './block-source.js'
import { Held, type Part, partsOf } from './content-parts.js'

/** As ContentStore.hashes: manifests before what they name; a block named twice comes twice. */
export async function* contentHashes(source: BlockSource, content: Content): AsyncGenerator<Hash> {
  yield* hashesOf(source, partsOf(content))
}

async function* hashesOf(source: BlockSource, parts: readonly Part[]): AsyncGenerator<Hash> {
  for (const part of parts) {
    if (part.kind === 'hole' || part.kind === 'bytes') continue
    yield part.hash
    if (part.kind === 'block') continue
    const held = new Held(source)
    let manifest = held.manifest(part)
    if (!manifest) {
      await held.load()
      manifest = held.manifest(part)
    }
    yield* hashesOf(source, manifest?.entries ?? [])
  }
}
