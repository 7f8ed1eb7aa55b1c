// A file system as small as can be, written without looking at the one under test: what the log says is
// carried out here once more, in order, and must have the effects that were answered.

import { Errno } from '../../src/posix/errno.js'
import type { TimedIntent } from './tree-rules.js'

interface Node {
  readonly isDirectory: boolean
  readonly entries: Map<string, number>
  text: string
  links: number
}

export class Model {
  readonly #nodes = new Map<number, Node>([[1, newNode(true)]])

  /** The inode made or changed, or a negative errno. */
  apply(intent: TimedIntent): number {
    switch (intent.op) {
      case 'create':
      case 'mkdir':
        return this.#make(intent)
      case 'append':
      case 'overwrite': {
        const node = this.#nodes.get(intent.ino)
        if (!node) return -Errno.ESTALE
        node.text = intent.op === 'append' ? node.text + intent.text : intent.text
        return intent.ino
      }
      case 'chmod':
        return this.#nodes.has(intent.ino) ? intent.ino : -Errno.ESTALE
      case 'unlink':
      case 'rmdir':
        return this.#remove(intent.parent, intent.name, intent.op === 'rmdir')
      case 'link':
        return this.#link(intent.ino, intent.parent, intent.name)
      case 'rename':
        return this.#rename(intent.parent, intent.name, intent.toParent, intent.toName)
    }
  }

  /** Everything that can be seen: paths, inode numbers, link counts and texts. */
  lines(): string[] {
    const lines: string[] = []
    const walk = (ino: number, path: string): void => {
      for (const [name, child] of this.#nodes.get(ino)?.entries ?? []) {
        const node = this.#nodes.get(child)
        if (!node) throw new Error(`model: ${path}/${name} leads nowhere`)
        const what = node.isDirectory ? 'directory' : `${node.links} ${node.text}`
        lines.push(`${path}/${name} ${child} ${what}`)
        if (node.isDirectory) walk(child, `${path}/${name}`)
      }
    }
    walk(1, '')
    return lines.sort()
  }

  #make(intent: TimedIntent & { op: 'create' | 'mkdir' }): number {
    const parent = this.#directory(intent.parent)
    if (!parent) return -Errno.ENOENT
    const present = parent.entries.get(intent.name)
    if (present !== undefined) {
      if (intent.op === 'mkdir' || intent.exclusive) return -Errno.EEXIST
      return this.#nodes.get(present)?.isDirectory ? -Errno.EISDIR : present
    }
    if (this.#nodes.has(intent.ino)) throw new Error(`inode number ${intent.ino} is given twice`)
    this.#nodes.set(intent.ino, newNode(intent.op === 'mkdir'))
    parent.entries.set(intent.name, intent.ino)
    return intent.ino
  }

  #remove(parentIno: number, name: string, isDirectory: boolean): number {
    const parent = this.#directory(parentIno)
    const ino = parent?.entries.get(name)
    const node = ino === undefined ? undefined : this.#nodes.get(ino)
    if (!parent || !node || ino === undefined) return -Errno.ENOENT
    if (node.isDirectory !== isDirectory) return isDirectory ? -Errno.ENOTDIR : -Errno.EISDIR
    if (node.entries.size > 0) return -Errno.ENOTEMPTY
    parent.entries.delete(name)
    this.#drop(ino, node)
    return ino
  }

  #link(ino: number, parentIno: number, name: string): number {
    const node = this.#nodes.get(ino)
    const parent = this.#directory(parentIno)
    if (!node) return -Errno.ESTALE
    if (node.isDirectory) return -Errno.EPERM
    if (!parent) return -Errno.ENOENT
    if (parent.entries.has(name)) return -Errno.EEXIST
    parent.entries.set(name, ino)
    node.links++
    return ino
  }

  #rename(parentIno: number, name: string, toIno: number, toName: string): number {
    const from = this.#directory(parentIno)
    const to = this.#directory(toIno)
    const ino = from?.entries.get(name)
    if (!from || !to || ino === undefined) return -Errno.ENOENT
    const node = this.#nodes.get(ino) as Node
    if (node.isDirectory && this.#reaches(ino, toIno)) return -Errno.EINVAL
    const targetIno = to.entries.get(toName)
    if (targetIno === ino) return ino
    const target = targetIno === undefined ? undefined : this.#nodes.get(targetIno)
    if (target && target.isDirectory !== node.isDirectory)
      return target.isDirectory ? -Errno.EISDIR : -Errno.ENOTDIR
    if (target && target.entries.size > 0) return -Errno.ENOTEMPTY
    from.entries.delete(name)
    to.entries.set(toName, ino)
    if (target && targetIno !== undefined) this.#drop(targetIno, target)
    return ino
  }

  #drop(ino: number, node: Node): void {
    node.links--
    if (node.links === 0) this.#nodes.delete(ino)
  }

  #directory(ino: number): Node | undefined {
    const node = this.#nodes.get(ino)
    return node?.isDirectory ? node : undefined
  }

  #reaches(from: number, to: number): boolean {
    if (from === to) return true
    for (const child of this.#nodes.get(from)?.entries.values() ?? [])
      if (this.#reaches(child, to)) return true
    return false
  }
}

function newNode(isDirectory: boolean): Node {
  return { isDirectory, entries: new Map(), text: '', links: 1 }
}
