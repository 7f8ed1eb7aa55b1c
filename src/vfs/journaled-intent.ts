// Intents as they stand in a journal: plain data in V8's serialization, with the bytes of the block that a
// save has made: the store may not have it yet, or no more when the journal is carried on.

import { deserialize, serialize } from 'node:v8'
import type { ContentStore } from '../content/content.js'
import type { Content, Hash } from '../volume/inode.js'
import type { Intent } from './intents/intent.js'
import type { AdoptIntent, SaveIntent } from './intents/save.js'

/** Undefined: it has to wait for its commit. */
export function encodeIntent(intent: Intent): Uint8Array | undefined {
  if (isSave(intent)) return encodeSave(intent)
  // A set of attributes with a block of its own is rare: it is committed as it is.
  if (intent.kind === 'setxattr' && intent.prepared) return undefined
  return serialize(intent)
}

/** Its block can be read from now on. Throws where the bytes are none. */
export function decodeIntent(content: ContentStore, bytes: Uint8Array): Intent {
  const intent = readIntent(bytes)
  if (isSave(intent) && intent.block) content.hold(intent.block)
  return intent
}

/** As it stands there, for whoever only looks at it. Throws where the bytes are none. */
export function readIntent(bytes: Uint8Array): Intent {
  const intent = deserialize(bytes) as Intent
  if (typeof intent?.kind !== 'string') throw new Error('it is no change of a volume')
  return intent
}

export function isSave(intent: Intent): intent is SaveIntent | AdoptIntent {
  return intent.kind === 'save' || intent.kind === 'adopt'
}

/** Where it has made several blocks, the journal would be another copy of a large file. */
function encodeSave(intent: SaveIntent | AdoptIntent): Uint8Array | undefined {
  const { prepared, block } = intent
  if (!prepared) return undefined
  const { base, result } = prepared
  const hash = hashOf(result.content)
  if (hash && hash !== hashOf(base.content) && hash !== block?.hash) return undefined
  const { content, size } = result
  const plain = { content, size, moved: false, shifts: new Map() }
  return serialize({ ...intent, snapshot: undefined, prepared: { base, result: plain }, block })
}

function hashOf(content: Content): Hash | undefined {
  return content.kind === 'block' || content.kind === 'manifest' ? content.hash : undefined
}
