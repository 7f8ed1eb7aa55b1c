// Intents as they stand in a journal, and as their content the blocks that a save has made, because the store
// may not have them yet, or no more when the journal is carried on. Their names are their checksums.

import { hashOf } from '../content/block-codec.js'
import type { NamedBlock } from '../content/content.js'
import type { NewRecord } from '../journal/journal.js'
import { ByteReader } from '../volume/byte-reader.js'
import { ByteWriter } from '../volume/byte-writer.js'
import type { Content, Hash } from '../volume/inode.js'
import * as codec from './intent-codec.js'
import type { Intent } from './intents/intent.js'
import type { AdoptIntent, SaveIntent } from './intents/save.js'

const writer = new ByteWriter()

/** Good until the next call. Undefined: it has to wait for its commit. Throws FormatError. */
export function encodeIntent(intent: Intent): Pick<NewRecord, 'intent' | 'content'> | undefined {
  if (!mayBeJournaled(intent)) return undefined
  codec.writeIntent(writer.reset(), intent)
  const blocks = intent.kind === 'save' ? intent.blocks : []
  return { intent: writer.view(), content: blocks.map(({ plain }) => plain) }
}

/** Throws FormatError where they are none, or the content is other blocks than those it names. */
export function readIntent(bytes: Uint8Array, content: Uint8Array): Intent {
  const [from, contentFrom] = [new ByteReader(bytes, 'change'), new ByteReader(content, 'content')]
  const intent = codec.readIntent(from, (names) =>
    names.map((name) => readBlock(contentFrom, name)),
  )
  from.end()
  contentFrom.end()
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
  const hash = namedBy(prepared.result.content)
  return !hash || hash === namedBy(prepared.base.content) || hash === blocks.at(-1)?.hash
}

function readBlock(from: ByteReader, { length, ...names }: codec.BlockName): NamedBlock {
  const bytes = from.bytes(length)
  const plain = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (hashOf(plain, names.refs ? 'manifest' : 'data') !== names.hash)
    throw from.damaged(`other bytes than those of block ${names.hash}`)
  return { ...names, plain }
}

function namedBy(content: Content): Hash | undefined {
  return content.kind === 'block' || content.kind === 'manifest' ? content.hash : undefined
}
