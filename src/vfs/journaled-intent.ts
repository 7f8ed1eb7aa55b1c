// Intents as they stand in a journal: plain data in V8's serialization, with the bytes of the block that a
// save names. The block is in the store already; but one that no record names is kept there for some time
// only, and the journal may be carried on later than that.

import { deserialize, serialize } from 'node:v8'
import type { ContentStore } from '../content/content.js'
import type { Content, Hash } from '../volume/inode.js'
import type { Intent } from './intents/intent.js'
import type { AdoptIntent, NamedBlock, SaveIntent } from './intents/save.js'

/** Undefined: it has to wait for its commit. */
export function encodeIntent(content: ContentStore, intent: Intent): Uint8Array | undefined {
  if (intent.kind === 'save' || intent.kind === 'adopt') return encodeSave(content, intent)
  // A set of attributes with a block of its own is rare: it is committed as it is.
  if (intent.kind === 'setxattr' && intent.prepared) return undefined
  return serialize(intent)
}

/** Throws where the bytes are none. */
export function decodeIntent(bytes: Uint8Array): Intent {
  const intent = deserialize(bytes) as Intent
  if (typeof intent?.kind !== 'string') throw new Error('it is no change of a volume')
  return intent
}

function encodeSave(
  content: ContentStore,
  intent: SaveIntent | AdoptIntent,
): Uint8Array | undefined {
  const { prepared } = intent
  if (!prepared) return undefined
  const { base, result } = prepared
  const block = newBlock(content, base.content, result.content)
  if (block === 'unknown') return undefined
  intent.block = block
  const { size } = result
  const plain = { content: result.content, size, moved: false, shifts: new Map() }
  return serialize({ ...intent, snapshot: undefined, prepared: { base, result: plain }, block })
}

/** The one block that a save has made, if it has; `unknown` where it is more, or not at hand. */
function newBlock(
  content: ContentStore,
  before: Content,
  after: Content,
): NamedBlock | undefined | 'unknown' {
  const hash = hashOf(after)
  if (!hash || hash === hashOf(before)) return undefined
  if (after.kind !== 'block') return 'unknown'
  const plain = content.blockAtHand(hash)
  return plain ? { hash, plain } : 'unknown'
}

function hashOf(content: Content): Hash | undefined {
  return content.kind === 'block' || content.kind === 'manifest' ? content.hash : undefined
}
