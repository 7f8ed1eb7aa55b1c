// Intents as they stand in a journal: their bytes, then those of the blocks that a save has made, because the
// store may not have them yet, or no more when the journal is carried on.

import type { ContentStore, NamedBlock } from '../content/content.js'
import { ByteReader } from '../volume/byte-reader.js'
import { ByteWriter } from '../volume/byte-writer.js'
import type { Content, Hash } from '../volume/inode.js'
import * as codec from './intent-codec.js'
import type { Intent } from './intents/intent.js'
import type { AdoptIntent, SaveIntent } from './intents/save.js'

const writer = new ByteWriter()

/**
 * In parts, good until the next call. Undefined: it has to wait for its commit. Throws FormatError for what
 * the format cannot hold.
 */
export function encodeIntent(intent: Intent): Uint8Array[] | undefined {
  if (!mayBeJournaled(intent)) return undefined
  codec.writeIntent(writer.reset(), intent)
  const blocks = intent.kind === 'save' ? intent.blocks : []
  return [writer.view(), ...blocks.map(({ plain }) => plain)]
}

/** The blocks that it has made can be read from now on. Throws where the bytes are none. */
export function decodeIntent(content: ContentStore, bytes: Uint8Array): Intent {
  const intent = readIntent(bytes)
  if (isSave(intent)) for (const block of intent.blocks) content.hold(block)
  return intent
}

/** As it stands there, for whoever only looks at it. Throws FormatError where the bytes are none. */
export function readIntent(bytes: Uint8Array): Intent {
  const from = new ByteReader(bytes, 'change')
  const intent = codec.readIntent(from, (names) => names.map((name) => readBlock(from, name)))
  from.end()
  return intent
}

export function isSave(intent: Intent): intent is SaveIntent | AdoptIntent {
  return intent.kind === 'save' || intent.kind === 'adopt'
}

function mayBeJournaled(intent: Intent): intent is codec.JournaledIntent {
  if (intent.kind === 'adopt') return false
  // A set of attributes with a block of its own is rare: it is committed as it is.
  if (intent.kind === 'setxattr') return !intent.prepared
  return intent.kind !== 'save' || isSelfContained(intent)
}

/** Where its blocks were uploaded as they were made, the journal would be another copy of a large file. */
function isSelfContained({ prepared, blocks }: SaveIntent): boolean {
  if (!prepared) return false
  const hash = hashOf(prepared.result.content)
  return !hash || hash === hashOf(prepared.base.content) || hash === blocks.at(-1)?.hash
}

function readBlock(from: ByteReader, { length, ...names }: codec.BlockName): NamedBlock {
  const bytes = from.bytes(length)
  return { ...names, plain: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) }
}

function hashOf(content: Content): Hash | undefined {
  return content.kind === 'block' || content.kind === 'manifest' ? content.hash : undefined
}
