// One side of the comparison: a directory of the host behind node:fs/promises, or a volume. Both have the same
// calls; here they get the arguments of a `Call`, and what comes back is made comparable.

import type { Stats } from 'node:fs'
import { posix } from 'node:path'
import type { Argument, Call } from './call.js'

/** What both sides have: node:fs/promises, and the library's calls. */
type Calls = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>

export interface SideOptions {
  /** Calls as caller `who`. */
  readonly callsOf: (who: number) => Calls
  /** Does `work` as caller `who`. */
  readonly as: <T>(who: number, work: () => Promise<T>) => Promise<T>
  /** What stands before every path. */
  readonly root: string
}

/** Comparable: an error's facts, or what was answered. */
export type Outcome = { readonly error: unknown } | { readonly value: unknown }

interface OpenHandle {
  readonly who: number
  readonly calls: Calls
}

export class Side {
  readonly #options: SideOptions
  readonly #open = new Map<number, OpenHandle>()

  constructor(options: SideOptions) {
    this.#options = options
  }

  async run(call: Call): Promise<Outcome> {
    try {
      return { value: this.#comparable(await this.#call(call)) }
    } catch (error) {
      return { error: this.#factsOf(error, call) }
    }
  }

  async close(): Promise<void> {
    for (const { calls } of this.#open.values()) await calls.close?.()
  }

  /** Every path with all that is known of it, as root. */
  async tree(): Promise<string[]> {
    const calls = this.#options.callsOf(0)
    const lines: string[] = []
    const visit = async (path: string) => {
      const bytes = Buffer.from(this.#options.root + path, 'latin1')
      const stats = (await calls.lstat?.(bytes)) as Stats
      let content = ''
      if (stats.isSymbolicLink()) content = String(await calls.readlink?.(bytes, 'latin1'))
      if (stats.isFile()) content = digest((await calls.readFile?.(bytes)) as Buffer)
      lines.push(`${path} ${JSON.stringify(statsValue(stats))} ${content}`)
      if (!stats.isDirectory()) return
      const names = (await calls.readdir?.(bytes, 'buffer')) as Buffer[]
      for (const name of names.map((each) => each.toString('latin1')).sort())
        await visit(path === '/' ? `/${name}` : `${path}/${name}`)
    }
    await visit('/')
    return lines
  }

  async #call({ who, call, args, slot }: Call): Promise<unknown> {
    const given = args.map((each) => this.#argument(each))
    const { as, callsOf } = this.#options
    if (slot === undefined) return as(who, () => invoke(callsOf(who), call, given))
    const open = this.#open.get(slot)
    if (call !== 'open') {
      if (!open) return 'nothing is open'
      if (call === 'close') this.#open.delete(slot)
      return as(open.who, () => invoke(open.calls, call, given))
    }
    const calls = (await as(who, () => invoke(callsOf(who), 'open', given))) as Calls
    this.#open.set(slot, { who, calls })
    await open?.calls.close?.()
    return 'open'
  }

  #argument(argument: Argument): unknown {
    if (typeof argument !== 'object' || argument === null) return argument
    if ('data' in argument) {
      const { length, byte } = argument.data as { length: number; byte: number }
      return Buffer.alloc(length, byte)
    }
    if (!('path' in argument)) return argument
    const bytes = Buffer.from(`${this.#options.root}/${argument.path}`, 'latin1')
    return argument.asBytes ? bytes : bytes.toString('latin1')
  }

  #comparable(value: unknown): unknown {
    if (typeof value === 'string') return this.#below(value)
    if (Buffer.isBuffer(value)) return digest(value)
    if (Array.isArray(value)) return value.map((each) => this.#entry(each)).sort()
    if (typeof value !== 'object' || value === null) return value
    if ('bytesRead' in value) {
      const { bytesRead, buffer } = value as { bytesRead: number; buffer: Buffer }
      return [bytesRead, digest(buffer.subarray(0, bytesRead))]
    }
    if ('bytesWritten' in value) return value.bytesWritten
    return statsValue(value as Stats)
  }

  #entry(value: unknown): string {
    if (typeof value === 'string') return value
    const { name, parentPath } = value as { name: string; parentPath: string }
    // Node takes `..` out of some of them.
    const directory = posix.resolve('/', this.#below(posix.normalize(String(parentPath))))
    return `${directory} ${name} ${typeOf(value as Stats)}`
  }

  #factsOf(error: unknown, { call }: Call): unknown {
    const { code, errno, syscall, path, dest } = error as NodeJS.ErrnoException & { dest?: string }
    if (code === undefined) throw error
    // Which of its own calls Node's rm tells differs from version to version.
    if (call === 'rm') return { code }
    const texts = [path, dest].map((text) => text && this.#below(String(text)))
    return { code, errno, syscall, path: texts[0], dest: texts[1] }
  }

  #below(text: string): string {
    const { root } = this.#options
    return root !== '' && text.startsWith(root) ? text.slice(root.length) || '/' : text
  }
}

function invoke(calls: Calls, call: string, args: unknown[]): Promise<unknown> {
  const method = calls[call]
  if (!method) throw new Error(`there is no ${call}`)
  return method.apply(calls, args)
}

function statsValue(stats: Stats): unknown {
  const { mode, uid, gid, nlink } = stats
  return {
    mode,
    uid,
    gid,
    nlink,
    size: stats.isDirectory() ? '-' : stats.size,
    type: typeOf(stats),
  }
}

function typeOf(stats: Stats): string {
  const types = ['isFile', 'isDirectory', 'isSymbolicLink', 'isFIFO', 'isSocket'] as const
  return types.filter((type) => stats[type]()).join()
}

/** Short enough to read, long enough to differ where the bytes do. */
function digest(bytes: Buffer): string {
  const runs: string[] = []
  for (let at = 0; at < bytes.length; ) {
    let end = at
    while (bytes[end] === bytes[at]) end++
    runs.push(`${bytes[at]?.toString(16)}x${end - at}`)
    at = end
  }
  return runs.join(',')
}
