// What processes did to the files of one folder, one process after the other, replayed onto a disk up to any
// moment. A process tells what it was answered by lines that it writes to a file beside the folder: they stand
// in the same order.

import { beginSync, Disk, type File, type Node, newFile, newFolder } from './disk.js'
import { type SystemCall, stringsOf, wordsOf } from './system-calls.js'

export interface RecordingOptions {
  /** The folder; the disk knows nothing else. */
  readonly folder: string
  /** The file of the lines. */
  readonly notes: string
  /** Files that are not to be on the disk, by their path in the folder. */
  readonly isLeftOut: (path: string) => boolean
  /** Syncs that are taken for not done, to show that it is noticed. */
  readonly isSyncIgnored?: (path: string) => boolean
}

interface OpenFile {
  readonly node: Node
  readonly path: string
  /** O_DSYNC: what is written is on the disk when the call returns. */
  readonly isSynced: boolean
  readonly appends: boolean
  offset: number
}

interface Moment {
  readonly place: number
  readonly call: SystemCall
  readonly number: number
  readonly isEnd: boolean
  readonly process: number
}

const notes = 'notes'
const writing = new Set(['write', 'writev', 'pwrite64', 'pwritev'])
const naming = new Set(['rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'rmdir', 'mkdir'])
/** Nothing of the project makes these on files of the folder; whoever begins to has to teach them here. */
const unknown = new Set([
  ...['sendfile', 'copy_file_range', 'truncate', 'pwritev2', 'dup', 'dup2', 'dup3', 'fallocate'],
  ...['msync', 'sync_file_range', 'link', 'linkat', 'symlink', 'symlinkat', 'mkdirat', 'creat'],
])

/** The calls of processes that ran one after the other, in order. */
export function momentsOf(processes: readonly (readonly SystemCall[])[]): Moment[] {
  let number = 0
  const moments = processes.flatMap((calls, process) =>
    calls.flatMap((call) => {
      const begin: Moment = { place: call.begun, call, number: ++number, isEnd: false, process }
      return Number.isFinite(call.ended)
        ? [begin, { ...begin, place: call.ended, isEnd: true }]
        : [begin]
    }),
  )
  return moments.sort((a, b) => a.place - b.place)
}

export class Replay {
  readonly disk = new Disk()
  /** Lines that were written so far. */
  readonly lines: string[] = []
  /** Where something was done so far. */
  readonly places: number[] = []
  readonly #moments: readonly Moment[]
  readonly #options: RecordingOptions
  readonly #syncs = new Map<number, () => void>()
  #open = new Map<number, OpenFile | typeof notes>()
  #process = -1
  #next = 0

  constructor(moments: readonly Moment[], options: RecordingOptions) {
    this.#moments = moments
    this.#options = options
  }

  /** Goes on to this place; there is no way back. */
  upTo(place: number): void {
    for (; ; this.#next++) {
      const moment = this.#moments[this.#next]
      if (!moment || moment.place > place) return
      if (moment.process !== this.#process) this.#open = new Map()
      this.#process = moment.process
      // A call that failed did nothing; of one that never returned anything may be.
      if ((moment.call.result ?? 0) >= 0 && this.#replay(moment)) this.places.push(moment.place)
    }
  }

  /** Whether it was about the folder. */
  #replay({ call, number, isEnd }: Moment): boolean {
    const { name } = call
    if (writing.has(name)) return this.#write(call, number, isEnd)
    if (name === 'fsync' || name === 'fdatasync') return this.#sync(call, number, isEnd)
    if (name === 'ftruncate') return this.#truncate(call, number, isEnd)
    if (name === 'openat') return isEnd && this.#openAt(call, number)
    if (naming.has(name)) return isEnd === (call.result !== undefined) && this.#name(call)
    if (name === 'close' && !isEnd) this.#open.delete(descriptorOf(call))
    else if (name === 'mmap' && !isEnd) this.#map(call)
    else if (name === 'lseek' && isEnd) this.#seek(call)
    else if (unknown.has(name)) this.#refuse(call)
    return false
  }

  #openAt(call: SystemCall, number: number): boolean {
    const [text = ''] = stringsOf(call.arguments).map(String)
    const flags = wordsOf(call.arguments)[2] ?? ''
    const descriptor = call.result as number
    if (text === this.#options.notes) this.#open.set(descriptor, notes)
    const path = this.#pathOf(text)
    if (path === undefined) return false
    const found = this.disk.find(path)
    const node = found ?? newFile()
    if (!found) this.disk.set(path, node)
    const file: OpenFile = {
      node,
      path,
      isSynced: /O_D?SYNC/.test(flags),
      appends: flags.includes('O_APPEND'),
      offset: 0,
    }
    if (flags.includes('O_TMPFILE')) throw new Error(`${path}: O_TMPFILE is not modelled`)
    if (flags.includes('O_TRUNC') && node.kind === 'file') {
      node.pages.truncate(number, 0)
      node.ended.add(number)
    }
    this.#open.set(descriptor, file)
    return !found
  }

  #write(call: SystemCall, number: number, isEnd: boolean): boolean {
    const open = this.#open.get(descriptorOf(call))
    if (!open) return false
    if (open === notes) {
      if (isEnd) this.lines.push(...stringsOf(call.arguments).map(String))
      return isEnd
    }
    const file = fileOf(open)
    const isPlaced = call.name.startsWith('p')
    if (isEnd) {
      file.ended.add(number)
      if (open.isSynced && !this.#options.isSyncIgnored?.(open.path))
        file.pages.sync(new Set([number]))
      return true
    }
    const all = Buffer.concat(stringsOf(call.arguments))
    const data = all.subarray(0, call.result ?? all.length)
    const words = wordsOf(call.arguments)
    const at = isPlaced ? Number(words.at(-1)) : open.appends ? file.pages.length : open.offset
    if (!Number.isSafeInteger(at)) throw new Error(`${call.name}: no offset in ${words.at(-1)}`)
    file.pages.write(number, at, data)
    if (!isPlaced) open.offset = at + data.length
    return true
  }

  #truncate(call: SystemCall, number: number, isEnd: boolean): boolean {
    const open = this.#open.get(descriptorOf(call))
    if (!open || open === notes) return false
    const file = fileOf(open)
    if (isEnd) file.ended.add(number)
    else file.pages.truncate(number, Number(wordsOf(call.arguments)[1]))
    return true
  }

  #sync(call: SystemCall, number: number, isEnd: boolean): boolean {
    const open = this.#open.get(descriptorOf(call))
    if (!open || open === notes || this.#options.isSyncIgnored?.(open.path)) return false
    if (!isEnd) this.#syncs.set(number, beginSync(open.node))
    if (isEnd) this.#syncs.get(number)?.()
    if (isEnd) this.#syncs.delete(number)
    return true
  }

  #name(call: SystemCall): boolean {
    const [from, to] = stringsOf(call.arguments).map((path) => this.#pathOf(String(path)))
    if (from === undefined) return false
    if (call.name.startsWith('rename')) this.disk.rename(from, to ?? '')
    else this.disk.set(from, call.name === 'mkdir' ? newFolder() : undefined)
    return true
  }

  #seek(call: SystemCall): void {
    const open = this.#open.get(descriptorOf(call))
    if (open && open !== notes) open.offset = call.result as number
  }

  /** What is written through a mapping is not seen: nothing that is to last may be. */
  #map(call: SystemCall): void {
    const words = wordsOf(call.arguments)
    const open = this.#open.get(Number(words[4]))
    if (!open || open === notes || !words[2]?.includes('PROT_WRITE')) return
    if (words[3]?.includes('MAP_SHARED') && !/[.-]lock$|lock\.mdb$/.test(open.path))
      throw new Error(`${open.path} is written through a mapping, which is not seen here`)
  }

  #refuse(call: SystemCall): void {
    const paths = stringsOf(call.arguments).map((path) => this.#pathOf(String(path)))
    if (this.#open.has(descriptorOf(call)) || paths.some((path) => path !== undefined))
      throw new Error(`${call.name}(${call.arguments.slice(0, 200)}) is not modelled`)
  }

  /** Undefined: it is none of the folder's, or left out. */
  #pathOf(path: string): string | undefined {
    const { folder, isLeftOut } = this.#options
    if (path !== folder && !path.startsWith(`${folder}/`)) return undefined
    const inside = path.slice(folder.length + 1)
    return isLeftOut(inside) ? undefined : inside
  }
}

function descriptorOf(call: SystemCall): number {
  return Number.parseInt(call.arguments, 10)
}

function fileOf({ node, path }: OpenFile): File {
  if (node.kind !== 'file') throw new Error(`${path} is a folder`)
  return node
}
