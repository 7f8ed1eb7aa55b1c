// Changes as bytes, for the journal: the kind, what is said of every change, and what that kind says besides.
// Byte for byte in docs/DATA_FORMAT.md. The bytes of a save's new blocks are for journaled-intent.ts.

import type { NamedBlock } from '../content/content.js'
import type { ByteReader } from '../volume/byte-reader.js'
import type { ByteWriter } from '../volume/byte-writer.js'
import type { Content } from '../volume/inode.js'
import { readChanges, readTime, writeChanges, writeTime } from './changes-codec.js'
import type { IntentBase } from './intents/checks.js'
import type { CreateIntent } from './intents/create.js'
import type { Intent } from './intents/intent.js'
import type { SaveIntent } from './intents/save.js'
import type { SetattrIntent } from './intents/setattr.js'
import type { SetxattrIntent } from './intents/setxattr.js'

const Kind = {
  create: 1,
  unlink: 2,
  rmdir: 3,
  rename: 4,
  link: 5,
  setattr: 6,
  setxattr: 7,
  save: 8,
  /** A setattr with `outsider`, for which no bit was left. */
  setattrOutsider: 9,
} as const

const contentKinds = ['none', 'inline', 'block', 'manifest'] as const

/** A block as a save names it: its bytes stand elsewhere. */
export type BlockName = Omit<NamedBlock, 'plain'> & { readonly length: number }

/** What can stand in a journal. */
export type JournaledIntent = Exclude<Intent, { kind: 'adopt' }>

/** Throws FormatError for what the format cannot hold. */
export function writeIntent(to: ByteWriter, intent: JournaledIntent): void {
  const isOutsider = intent.kind === 'setattr' && intent.changes.outsider === true
  to.u8(isOutsider ? Kind.setattrOutsider : Kind[intent.kind])
  writeBase(to, intent)
  switch (intent.kind) {
    case 'create':
      writeCreate(to, intent)
      break
    case 'unlink':
    case 'rmdir':
      writePlace(to, intent.parent, intent.name)
      break
    case 'rename':
      writePlace(to, intent.parent, intent.name)
      writePlace(to, intent.newParent, intent.newName)
      to.varint(intent.flags)
      break
    case 'link':
      to.varint(intent.ino)
      writePlace(to, intent.parent, intent.name)
      break
    case 'setattr':
      to.varint(intent.ino)
      writeChanges(to, intent.changes)
      break
    case 'setxattr':
      writeSetxattr(to, intent)
      break
    case 'save':
      writeSave(to, intent)
      break
  }
}

/** `blocks`: those of a save, from their names and what follows. Throws FormatError, or what `blocks` throws. */
export function readIntent(
  from: ByteReader,
  blocks: (names: readonly BlockName[]) => readonly NamedBlock[],
): JournaledIntent {
  const kind = from.u8()
  const base = readBase(from)
  switch (kind) {
    case Kind.create:
      return readCreate(from, base)
    case Kind.unlink:
      return { kind: 'unlink', ...readPlace(from), ...base }
    case Kind.rmdir:
      return { kind: 'rmdir', ...readPlace(from), ...base }
    case Kind.rename: {
      const [place, { parent: newParent, name: newName }] = [readPlace(from), readPlace(from)]
      return { kind: 'rename', ...place, newParent, newName, flags: from.varint(), ...base }
    }
    case Kind.link:
      return { kind: 'link', ino: from.varint(), ...readPlace(from), ...base }
    case Kind.setattr:
      return readSetattr(from, base, false)
    case Kind.setattrOutsider:
      return readSetattr(from, base, true)
    case Kind.setxattr:
      return readSetxattr(from, base)
    case Kind.save:
      return readSave(from, base, blocks)
    default:
      throw from.damaged(`kind ${kind} is not known to this version`)
  }
}

function writeBase(to: ByteWriter, { time, as }: IntentBase): void {
  writeTime(to, time)
  to.u8(as ? 1 : 0)
  if (!as) return
  to.varint(as.uid)
  to.varint(as.gid)
  to.u8(as.groups ? 1 : 0)
  if (!as.groups) return
  to.varint(as.groups.length)
  for (const group of as.groups) to.varint(group)
}

function readBase(from: ByteReader): IntentBase {
  const time = readTime(from)
  if (!readFlag(from)) return { time, as: undefined }
  const [uid, gid] = [from.varint(), from.varint()]
  if (!readFlag(from)) return { time, as: { uid, gid } }
  const groups: number[] = []
  for (let left = from.varint(); left > 0; left--) groups.push(from.varint())
  return { time, as: { uid, gid, groups } }
}

function writeCreate(to: ByteWriter, intent: CreateIntent): void {
  writePlace(to, intent.parent, intent.name)
  to.varint(intent.ino)
  to.varint(intent.mode)
  to.varint(intent.umask)
  to.varint(intent.uid)
  to.varint(intent.gid)
  to.varint(intent.rdev)
  to.name(intent.target)
  to.u8(intent.existing === 'open' ? 1 : 0)
}

function readCreate(from: ByteReader, base: IntentBase): CreateIntent {
  return {
    kind: 'create',
    ...readPlace(from),
    ino: from.varint(),
    mode: from.varint(),
    umask: from.varint(),
    uid: from.varint(),
    gid: from.varint(),
    rdev: from.varint(),
    target: from.name(),
    existing: readFlag(from) ? 'open' : 'refuse',
    ...base,
  }
}

function readSetattr(from: ByteReader, base: IntentBase, outsider: boolean): SetattrIntent {
  const [ino, changes] = [from.varint(), readChanges(from)]
  return { kind: 'setattr', ino, changes: outsider ? { ...changes, outsider } : changes, ...base }
}

function writeSetxattr(
  to: ByteWriter,
  { ino, name, value, flags, killSgid }: SetxattrIntent,
): void {
  to.varint(ino)
  to.name(name)
  to.u8(value ? 1 : 0)
  if (value) to.blob(value)
  to.varint(flags)
  to.u8(killSgid ? 1 : 0)
}

function readSetxattr(from: ByteReader, base: IntentBase): SetxattrIntent {
  const [ino, name] = [from.varint(), from.name()]
  const value = readFlag(from) ? from.blob() : undefined
  const [flags, killSgid] = [from.varint(), readFlag(from)]
  return { kind: 'setxattr', ino, name, value, flags, killSgid, prepared: undefined, ...base }
}

function writeSave(to: ByteWriter, intent: SaveIntent): void {
  const { ino, mtime, modeDropped, changes, prepared, blocks } = intent
  if (!prepared) throw new Error('a save that is not prepared has no result')
  to.varint(ino)
  writeTime(to, mtime)
  to.varint(modeDropped)
  to.u8(changes ? 1 : 0)
  if (changes) writeChanges(to, changes)
  for (const { content, size } of [prepared.base, prepared.result]) {
    writeContent(to, content)
    to.varint(size)
  }
  to.varint(blocks.length)
  for (const { hash, plain, refs } of blocks) {
    to.hash(hash)
    to.varint(plain.length)
    to.u8(refs ? 1 : 0)
    if (!refs) continue
    to.varint(refs.length)
    for (const ref of refs) to.hash(ref)
  }
}

function readSave(
  from: ByteReader,
  base: IntentBase,
  blocksOf: (names: readonly BlockName[]) => readonly NamedBlock[],
): SaveIntent {
  const [ino, mtime, modeDropped] = [from.varint(), readTime(from), from.varint()]
  const changes = readFlag(from) ? readChanges(from) : undefined
  const stored = () => ({ content: readContent(from), size: from.varint() })
  const prepared = { base: stored(), result: { ...stored(), moved: false, shifts: new Map() } }
  const names: BlockName[] = []
  for (let left = from.varint(); left > 0; left--) names.push(readBlockName(from))
  const blocks = blocksOf(names)
  const fields = { ino, mtime, modeDropped, changes, snapshot: undefined, blocks, prepared }
  return { kind: 'save', ...fields, ...base }
}

function readBlockName(from: ByteReader): BlockName {
  const [hash, length] = [from.hash(), from.varint()]
  if (!readFlag(from)) return { hash, length }
  const refs = []
  for (let left = from.varint(); left > 0; left--) refs.push(from.hash())
  return { hash, length, refs }
}

function writeContent(to: ByteWriter, content: Content): void {
  to.u8(contentKinds.indexOf(content.kind))
  if (content.kind === 'inline') to.blob(content.data)
  if (content.kind !== 'block' && content.kind !== 'manifest') return
  to.hash(content.hash)
  to.varint(content.length)
  to.u8(content.tail ? 1 : 0)
  if (content.tail) to.blob(content.tail)
}

function readContent(from: ByteReader): Content {
  const kind = contentKinds[from.u8()]
  if (kind === undefined) throw from.damaged('a kind of content that is not known to this version')
  if (kind === 'none') return { kind }
  if (kind === 'inline') return { kind, data: from.blob() }
  const stored = { kind, hash: from.hash(), length: from.varint() }
  return readFlag(from) ? { ...stored, tail: from.blob() } : stored
}

function writePlace(to: ByteWriter, parent: number, name: string): void {
  to.varint(parent)
  to.name(name)
}

function readPlace(from: ByteReader): { readonly parent: number; readonly name: string } {
  return { parent: from.varint(), name: from.name() }
}

function readFlag(from: ByteReader): boolean {
  const flag = from.u8()
  if (flag > 1) throw from.damaged(`a flag of ${flag}`)
  return flag === 1
}
