/**
 * What a writer's folder must hold: the acknowledged operations applied to a model in memory, and,
 * for the one operation that was under way, every state that it may have left behind.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { contentOf, type Operation, temporaryName } from './operation.js'

/** A file's bytes, a symlink's target, or a directory. Names are flat or `dir/name`. */
export type Entry =
  | { kind: 'file'; content: Buffer }
  | { kind: 'symlink'; target: string }
  | { kind: 'directory' }
export type State = Map<string, Entry>

const isBelow = (name: string, folder: string) => name.startsWith(`${folder}/`)

function fileContent(state: State, name: string): Buffer {
  const entry = state.get(name)
  return entry?.kind === 'file' ? entry.content : Buffer.alloc(0)
}

function resize(content: Buffer, size: number): Buffer {
  const resized = Buffer.alloc(size)
  content.copy(resized, 0, 0, Math.min(size, content.length))
  return resized
}

function moveEntry(state: State, from: string, to: string): void {
  for (const [name, entry] of [...state]) {
    if (name !== from && !isBelow(name, from)) continue
    state.delete(name)
    state.set(to + name.slice(from.length), entry)
  }
}

/** Applies an acknowledged operation. */
export function apply(state: State, operation: Operation): void {
  const { name } = operation
  switch (operation.kind) {
    case 'replace':
      state.delete(temporaryName(name)) // an earlier kill may have left one
      state.set(name, { kind: 'file', content: contentOf(operation) })
      break
    case 'write':
      state.set(name, { kind: 'file', content: contentOf(operation) })
      break
    case 'append': {
      const content = Buffer.concat([fileContent(state, name), contentOf(operation)])
      state.set(name, { kind: 'file', content })
      break
    }
    case 'truncate':
      state.set(name, { kind: 'file', content: resize(fileContent(state, name), operation.size) })
      break
    case 'rename':
      moveEntry(state, name, operation.to)
      break
    case 'symlink':
      state.set(name, { kind: 'symlink', target: operation.to })
      break
    case 'mkdir':
      state.set(name, { kind: 'directory' })
      break
    default:
      state.delete(name)
  }
}

/** What lies in a writer's folder now. */
export function readState(root: string): State {
  const state: State = new Map()
  const visit = (prefix: string) => {
    for (const name of readdirSync(`${root}/${prefix}`)) {
      const path = prefix + name
      const stat = lstatSync(`${root}/${path}`)
      if (stat.isDirectory()) state.set(path, { kind: 'directory' })
      else if (stat.isSymbolicLink())
        state.set(path, { kind: 'symlink', target: readlinkSync(`${root}/${path}`) })
      else state.set(path, { kind: 'file', content: readFileSync(`${root}/${path}`) })
      if (stat.isDirectory()) visit(`${path}/`)
    }
  }
  visit('')
  return state
}

function describeEntry(entry: Entry | undefined): string {
  if (!entry) return 'absent'
  if (entry.kind === 'file') return `a file of ${entry.content.length} bytes`
  return entry.kind === 'symlink' ? `a symlink to ${entry.target}` : 'a directory'
}

function sameEntry(a: Entry | undefined, b: Entry | undefined): boolean {
  if (!a || !b) return a === b
  if (a.kind === 'file') return b.kind === 'file' && a.content.equals(b.content)
  if (a.kind === 'symlink') return b.kind === 'symlink' && a.target === b.target
  return b.kind === 'directory'
}

const isPrefix = (part: Buffer, whole: Buffer) =>
  part.length <= whole.length && part.equals(whole.subarray(0, part.length))

/** Whether a file is what a write that was cut off may have left: `kept` and a part of `added`. */
function isPartOf(found: Entry | undefined, kept: Buffer, added: Buffer): boolean {
  return (
    found?.kind === 'file' &&
    isPrefix(found.content, Buffer.concat([kept, added])) &&
    found.content.length >= kept.length
  )
}

/** Whether `found` may be what the operation, begun and never acknowledged, left under `name`. */
function mayBe(name: string, found: Entry | undefined, before: State, pending: Operation): boolean {
  const after = new Map(before)
  apply(after, pending)
  if (sameEntry(found, before.get(name)) || sameEntry(found, after.get(name))) return true
  const none = Buffer.alloc(0)
  if (pending.kind === 'write' && name === pending.name)
    return isPartOf(found, none, contentOf(pending))
  if (pending.kind === 'append' && name === pending.name)
    return isPartOf(found, fileContent(before, name), contentOf(pending))
  if (pending.kind === 'replace' && name === temporaryName(pending.name))
    return isPartOf(found, none, contentOf(pending))
  return false
}

/** A rename moves everything or nothing: half of each would pass the check name by name. */
function isTornRename(found: State, before: State, pending: Operation | undefined): boolean {
  if (pending?.kind !== 'rename') return false
  const moved = [...before.keys()].filter(
    (name) => name === pending.name || isBelow(name, pending.name),
  )
  const target = (name: string) => pending.to + name.slice(pending.name.length)
  const isDone = moved.every(
    (name) => !found.has(name) && sameEntry(found.get(target(name)), before.get(name)),
  )
  const isUndone = moved.every(
    (name) =>
      sameEntry(found.get(name), before.get(name)) &&
      sameEntry(found.get(target(name)), before.get(target(name))),
  )
  return !isDone && !isUndone
}

/** One sentence for each entry that is neither acknowledged nor explained by what was under way. */
export function findLosses(found: State, expected: State, pending?: Operation): string[] {
  const losses: string[] = []
  for (const name of new Set([...found.keys(), ...expected.keys()])) {
    const [is, should] = [found.get(name), expected.get(name)]
    if (sameEntry(is, should) || (pending && mayBe(name, is, expected, pending))) continue
    losses.push(`${name} is ${describeEntry(is)}, acknowledged was ${describeEntry(should)}`)
  }
  if (isTornRename(found, expected, pending)) losses.push('a rename was done in part')
  return losses
}
