// Intents as they stand in a journal: JSON in one line, then the bytes of the blocks that a save has made,
// because the store may not have them yet, or no more when the journal is carried on. Names are byte strings,
// so that the line is Latin-1. The few kinds that hold other things than texts and numbers are in V8's
// serialization, whose first byte tells them apart.

import { deserialize, serialize } from 'node:v8'
import type { ContentStore, NamedBlock } from '../content/content.js'
import type { Content, Hash } from '../volume/inode.js'
import type { Intent } from './intents/intent.js'
import type { AdoptIntent, SaveIntent } from './intents/save.js'

const newline = 0x0a
const v8Begins = 0xff

/** In parts. Undefined: it has to wait for its commit. */
export function encodeIntent(intent: Intent): Uint8Array[] | undefined {
  switch (intent.kind) {
    case 'save':
      return encodeSave(intent)
    case 'setxattr':
      // A set of attributes with a block of its own is rare: it is committed as it is.
      return intent.prepared ? undefined : [serialize(intent)]
    case 'adopt':
      return undefined
    default:
      return [lineOf(intent)]
  }
}

/** The blocks that it has made can be read from now on. Throws where the bytes are none. */
export function decodeIntent(content: ContentStore, bytes: Uint8Array): Intent {
  const intent = readIntent(bytes)
  if (isSave(intent)) for (const block of intent.blocks) content.hold(block)
  return intent
}

/** As it stands there, for whoever only looks at it. Throws where the bytes are none. */
export function readIntent(bytes: Uint8Array): Intent {
  const intent = bytes[0] === v8Begins ? (deserialize(bytes) as Intent) : decodeLine(bytes)
  if (typeof intent?.kind !== 'string') throw new Error('it is no change of a volume')
  return intent
}

export function isSave(intent: Intent): intent is SaveIntent | AdoptIntent {
  return intent.kind === 'save' || intent.kind === 'adopt'
}

/** Where its blocks were uploaded as they were made, the journal would be another copy of a large file. */
function encodeSave(intent: SaveIntent): Uint8Array[] | undefined {
  const { prepared, blocks } = intent
  if (!prepared) return undefined
  const { base, result } = prepared
  const hash = hashOf(result.content)
  if (hash && hash !== hashOf(base.content) && hash !== blocks.at(-1)?.hash) return undefined
  const line = lineOf({
    ...intent,
    snapshot: undefined,
    prepared: {
      base: { content: plainContent(base.content), size: base.size },
      result: { content: plainContent(result.content), size: result.size },
    },
    blocks: blocks.map(({ hash, plain, refs }) => ({ hash, length: plain.length, refs })),
  })
  return [line, ...blocks.map(({ plain }) => plain)]
}

function lineOf(intent: object): Buffer {
  return Buffer.from(`${JSON.stringify(intent)}\n`, 'latin1')
}

function decodeLine(bytes: Uint8Array): Intent {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const end = buffer.indexOf(newline)
  if (end < 0) throw new Error('it is cut short')
  const intent = JSON.parse(buffer.toString('latin1', 0, end))
  if (intent?.kind !== 'save') return intent
  const { base, result } = intent.prepared
  base.content = realContent(base.content)
  const real = { ...result, content: realContent(result.content), moved: false, shifts: new Map() }
  return { ...intent, prepared: { base, result: real }, blocks: blocksOf(intent, buffer, end + 1) }
}

/** `intent` as its line has it, the bytes of its blocks at `start`. */
function blocksOf(
  intent: { blocks: (Omit<NamedBlock, 'plain'> & { length: number })[] },
  bytes: Buffer,
  start: number,
): NamedBlock[] {
  let at = start
  const blocks = intent.blocks.map(({ length, ...names }) => {
    at += length
    return { ...names, plain: Buffer.from(bytes.subarray(at - length, at)) }
  })
  if (at !== bytes.length) throw new Error('its blocks are cut short')
  return blocks
}

/** Content with its bytes as texts. */
function plainContent(content: Content): object {
  if (content.kind === 'inline') return { ...content, data: latin1(content.data) }
  return 'tail' in content && content.tail ? { ...content, tail: latin1(content.tail) } : content
}

// biome-ignore lint/suspicious/noExplicitAny: as `plainContent` has left it
function realContent(content: any): Content {
  if (content.kind === 'inline') return { ...content, data: Buffer.from(content.data, 'latin1') }
  return content.tail ? { ...content, tail: Buffer.from(content.tail, 'latin1') } : content
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

function hashOf(content: Content): Hash | undefined {
  return content.kind === 'block' || content.kind === 'manifest' ? content.hash : undefined
}
