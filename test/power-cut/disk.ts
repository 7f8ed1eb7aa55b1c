// A disk that is told of system calls, and can say what may be on it after a power cut at any moment. Surely
// there: what fsync(2) had covered when it returned, names by an fsync of their folder. What came later may be
// there or not, for each file and each folder on its own; names of one folder in their order.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Chance, Pages } from './pages.js'

export interface File {
  readonly kind: 'file'
  readonly pages: Pages
  /** Writes that have ended, and are not synced. */
  readonly ended: Set<number>
}

export interface Folder {
  readonly kind: 'folder'
  readonly names: Map<string, Node>
  readonly synced: Map<string, Node>
  changes: NameChange[]
}

export type Node = File | Folder

/** One call: all of it is on the disk, or nothing. Undefined: the name is gone. */
type NameChange = readonly (readonly [name: string, node: Node | undefined])[]

export function newFile(): File {
  return { kind: 'file', pages: new Pages(), ended: new Set() }
}

export function newFolder(): Folder {
  return { kind: 'folder', names: new Map(), synced: new Map(), changes: [] }
}

export class Disk {
  readonly root: Folder = newFolder()

  /** Undefined: there is no such name. `path` is relative to the root. */
  find(path: string): Node | undefined {
    let node: Node | undefined = this.root
    for (const name of path.split('/').filter(Boolean))
      node = node?.kind === 'folder' ? node.names.get(name) : undefined
    return node
  }

  /** Puts something under a name, or takes the name away. */
  set(path: string, node: Node | undefined): void {
    const { folder, name } = this.#parent(path)
    change(folder, [[name, node]])
  }

  rename(from: string, to: string): void {
    const [source, target] = [this.#parent(from), this.#parent(to)]
    if (source.folder !== target.folder)
      throw new Error(`${from} to ${to}: a rename between two folders is not modelled`)
    change(source.folder, [
      [source.name, undefined],
      [target.name, this.find(from)],
    ])
  }

  /** Writes what may be on the disk now to `target`, which is there and empty. */
  writeImage(target: string, chance: Chance): void {
    writeFolder(this.root, target, chance)
  }

  #parent(path: string): { folder: Folder; name: string } {
    const at = path.lastIndexOf('/')
    const folder = this.find(path.slice(0, Math.max(0, at)))
    if (folder?.kind !== 'folder') throw new Error(`${path}: its folder is not there`)
    return { folder, name: path.slice(at + 1) }
  }
}

/** What an fsync of this covers, if it begins now: what to do when it has ended. */
export function beginSync(node: Node): () => void {
  if (node.kind === 'folder') {
    const covered = new Set(node.changes)
    return () => {
      for (const each of node.changes) if (covered.has(each)) apply(node.synced, each)
      node.changes = node.changes.filter((each) => !covered.has(each))
    }
  }
  const covered = new Set(node.ended)
  return () => {
    node.pages.sync(covered)
    for (const call of covered) node.ended.delete(call)
  }
}

function change(folder: Folder, names: NameChange): void {
  apply(folder.names, names)
  folder.changes.push(names)
}

function apply(names: Map<string, Node>, changes: NameChange): void {
  for (const [name, node] of changes)
    if (node) names.set(name, node)
    else names.delete(name)
}

function writeFolder(folder: Folder, target: string, chance: Chance): void {
  const names = new Map(folder.synced)
  for (const each of folder.changes.slice(0, chance.upTo(folder.changes.length))) apply(names, each)
  for (const [name, node] of names) {
    const path = join(target, name)
    if (node.kind === 'file') writeFileSync(path, node.pages.image(chance), { mode: 0o600 })
    else {
      mkdirSync(path)
      writeFolder(node, path, chance)
    }
  }
}
