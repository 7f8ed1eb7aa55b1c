// What a program does to its own folder, one operation after the other, and the states that the folder may be
// seen in meanwhile: each operation leads through a few steps, and a crash leaves one of them.

import { createHash } from 'node:crypto'
import { makeContent } from '../support/tree.js'

export type Operation =
  /** open(O_CREAT|O_TRUNC), write, close; `isSynced`: with fsync before the close. */
  | { kind: 'save'; name: string; seed: number; size: number; isSynced: boolean }
  | { kind: 'append'; name: string; seed: number; size: number; isSynced: boolean }
  /** Bytes in the middle of a file, or behind its end. */
  | { kind: 'patch'; name: string; at: number; seed: number; size: number }
  /** A new file, renamed over the old one. */
  | { kind: 'replace'; name: string; seed: number; size: number; isSynced: boolean }
  | { kind: 'truncate'; name: string; size: number }
  | { kind: 'rename' | 'exchange' | 'link'; name: string; to: string }
  /** O_TMPFILE, write, link. */
  | { kind: 'adopt'; name: string; seed: number; size: number }
  | { kind: 'unlink' | 'mkdir' | 'rmdir'; name: string }
  | { kind: 'symlink'; name: string; to: string }
  | { kind: 'chmod'; name: string; mode: number }
  | { kind: 'setxattr'; name: string; seed: number; size: number }
  /** fsync of the folder: everything before is committed. */
  | { kind: 'syncdir' }

export interface Entry {
  readonly kind: 'file' | 'directory' | 'symlink'
  readonly mode: number
  /** Bytes of a file, target of a symlink. */
  readonly content: Buffer
  readonly attribute: Buffer | undefined
}

/** By name, `name` or `folder/name`; names of one inode have the same entry. Never changed in place. */
export type State = ReadonlyMap<string, Entry>

export const attributeName = 'user.note'
export const temporaryName = (name: string): string => `${name}.new`
export const contentOf = ({ seed, size }: { seed: number; size: number }): Buffer =>
  makeContent(seed, size)

const none = Buffer.alloc(0)
const newFile: Entry = { kind: 'file', mode: 0o644, content: none, attribute: undefined }

/** The states that it leads through, the last of which is what it was for. */
export function stepsOf(state: State, operation: Operation): State[] {
  switch (operation.kind) {
    case 'save':
      return saved(state, operation.name, contentOf(operation))
    case 'append':
      return written(state, operation.name, undefined, contentOf(operation))
    case 'patch':
      return written(state, operation.name, operation.at, contentOf(operation))
    case 'replace': {
      const steps = saved(state, temporaryName(operation.name), contentOf(operation))
      return [...steps, moved(steps.at(-1) as State, temporaryName(operation.name), operation.name)]
    }
    case 'truncate': {
      const content = resized(entryOf(state, operation.name).content, operation.size)
      return [changed(state, operation.name, { content })]
    }
    case 'adopt':
      return [put(state, operation.name, { ...newFile, content: contentOf(operation) })]
    case 'setxattr':
      return [changed(state, operation.name, { attribute: contentOf(operation) })]
    case 'chmod':
      return [changed(state, operation.name, { mode: operation.mode })]
    case 'syncdir':
      return [state]
    default:
      return [named(state, operation)]
  }
}

function named(
  state: State,
  operation: Operation & {
    kind: 'rename' | 'exchange' | 'link' | 'unlink' | 'mkdir' | 'rmdir' | 'symlink'
  },
): State {
  const { name } = operation
  switch (operation.kind) {
    case 'rename':
      return moved(state, name, operation.to)
    case 'exchange': {
      const [one, other] = [entryOf(state, name), entryOf(state, operation.to)]
      return put(put(state, name, other), operation.to, one)
    }
    case 'link':
      return put(state, operation.to, entryOf(state, name))
    case 'mkdir':
      return put(state, name, { ...newFile, kind: 'directory', mode: 0o755 })
    case 'symlink':
      return put(state, name, {
        ...newFile,
        kind: 'symlink',
        mode: 0o777,
        content: Buffer.from(operation.to),
      })
    default:
      return new Map([...state].filter(([other]) => other !== name))
  }
}

function saved(state: State, name: string, content: Buffer): State[] {
  const begun = state.has(name)
    ? changed(state, name, { content: none })
    : put(state, name, { ...newFile })
  return [begun, changed(begun, name, { content })]
}

function written(state: State, name: string, at: number | undefined, data: Buffer): State[] {
  const begun = state.has(name) ? state : put(state, name, { ...newFile })
  const old = entryOf(begun, name).content
  if (data.length === 0) return [begun]
  const start = at ?? old.length
  const content = Buffer.from(resized(old, Math.max(old.length, start + data.length)))
  content.set(data, start)
  return [begun, changed(begun, name, { content })]
}

function resized(content: Buffer, size: number): Buffer {
  return size <= content.length
    ? content.subarray(0, size)
    : Buffer.concat([content, Buffer.alloc(size - content.length)])
}

export function entryOf(state: State, name: string): Entry {
  const entry = state.get(name)
  if (!entry) throw new Error(`there is no ${name}`)
  return entry
}

function put(state: State, name: string, entry: Entry): State {
  return new Map(state).set(name, entry)
}

/** Under all its names. */
function changed(state: State, name: string, changes: Partial<Entry>): State {
  const old = entryOf(state, name)
  const fresh = { ...old, ...changes }
  return new Map([...state].map(([other, entry]) => [other, entry === old ? fresh : entry]))
}

function moved(state: State, from: string, to: string): State {
  if (entryOf(state, from) === state.get(to)) return state
  const next = new Map<string, Entry>()
  for (const [name, entry] of state) if (name !== to && !isBelow(name, from)) next.set(name, entry)
  for (const [name, entry] of state)
    if (isBelow(name, from)) next.set(to + name.slice(from.length), entry)
  return next
}

function isBelow(name: string, folder: string): boolean {
  return name === folder || name.startsWith(`${folder}/`)
}

/** A state as lines that are equal where a program could tell no difference. */
export function describeState(state: State): string {
  const links = new Map<Entry, number>()
  for (const entry of state.values()) links.set(entry, (links.get(entry) ?? 0) + 1)
  const lines = [...state].map(([name, entry]) => {
    const nlink = entry.kind === 'directory' ? '-' : (links.get(entry) ?? 0)
    return describeEntry(name, entry, nlink)
  })
  return lines.sort().join('\n')
}

export function describeEntry(name: string, entry: Entry, nlink: number | '-'): string {
  const { kind, mode, content, attribute } = entry
  const said = attribute ? ` attribute ${digest(attribute)}` : ''
  return `${name} ${kind} ${mode.toString(8)} links ${nlink} bytes ${digest(content)}${said}`
}

const digests = new WeakMap<Buffer, string>()

function digest(bytes: Buffer): string {
  const known = digests.get(bytes)
  if (known) return known
  const made = `${bytes.length}:${createHash('sha1').update(bytes).digest('hex').slice(0, 12)}`
  digests.set(bytes, made)
  return made
}
