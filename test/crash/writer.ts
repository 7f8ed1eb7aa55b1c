/**
 * `node writer.js ROOT LOG SEED`: works on the files of ROOT until the file system dies under it.
 * LOG, which lies elsewhere, gets a line before each operation and one after it was acknowledged.
 * Ends with 0 when the mount has gone, and with 1 when an operation was refused for another reason.
 */
import { existsSync, openSync, writeSync } from 'node:fs'
import { createRandom } from '../support/tree.js'
import { apply, readState, type State } from './model.js'
import { type Operation, perform } from './operation.js'

/** What callers get of a mount whose server was killed, until its watcher takes the mount away. */
const GONE = ['ENOTCONN', 'ECONNABORTED', 'EIO']
const SIZES = [0, 100, 512, 513, 5000, 40_000, 150_000, 300_000]
const FOLDERS = 4
const FILES = 12

type Random = (n: number) => number

function pick<T>(list: T[], random: Random): T | undefined {
  return list[random(list.length)]
}

/** A name for a file: in the root, or in a folder that exists. */
function fileName(state: State, random: Random): string {
  const folders = [...state].filter(([, entry]) => entry.kind === 'directory').map(([name]) => name)
  const folder = pick(['', ...folders], random)
  return `${folder ? `${folder}/` : ''}f${random(FILES)}`
}

function namesOf(state: State, kind: string): string[] {
  return [...state].filter(([, entry]) => entry.kind === kind).map(([name]) => name)
}

const CHOICES: ((state: State, random: Random) => Operation | undefined)[] = [
  ...(['write', 'append', 'replace', 'write', 'append', 'replace'] as const).map(
    (kind) => (state: State, random: Random) => {
      const size = pick(SIZES, random) ?? 0
      return { kind, name: fileName(state, random), seed: random(1 << 30), size } as Operation
    },
  ),
  (state, random) => {
    const name = pick(namesOf(state, 'file'), random)
    return name ? { kind: 'truncate', name, size: random(100_000) } : undefined
  },
  (state, random) => {
    const name = pick(namesOf(state, 'file'), random)
    const to = fileName(state, random)
    return name && name !== to ? { kind: 'rename', name, to } : undefined
  },
  (state, random) => {
    const name = pick([...namesOf(state, 'file'), ...namesOf(state, 'symlink')], random)
    return name ? { kind: 'unlink', name } : undefined
  },
  (_, random) => ({ kind: 'symlink', name: `s${random(FILES)}`, to: `target ${random(1000)}` }),
  (_, random) => ({ kind: 'mkdir', name: `d${random(FOLDERS)}` }),
  (state, random) => {
    const name = pick(namesOf(state, 'directory'), random)
    return name ? { kind: 'rename', name, to: `d${random(FOLDERS)}` } : undefined
  },
  (state, random) => {
    const empty = namesOf(state, 'directory').filter(
      (folder) => ![...state.keys()].some((name) => name.startsWith(`${folder}/`)),
    )
    const name = pick(empty, random)
    return name ? { kind: 'rmdir', name } : undefined
  },
]

/** Whether POSIX lets the operation succeed: a writer tests durability, not error numbers. */
function isAllowed(state: State, operation: Operation): boolean {
  const at = state.get(operation.name)?.kind
  if (operation.kind === 'symlink' || operation.kind === 'mkdir') return at === undefined
  if (operation.kind !== 'rename') return operation.kind === 'rmdir' || at !== 'directory'
  const over = state.get(operation.to)?.kind
  return at === 'directory' ? over === undefined : over !== 'directory'
}

function main([root, logPath, seed]: string[]): number {
  if (!root || !logPath || !seed) throw new Error('usage: writer.js ROOT LOG SEED')
  const random = createRandom(Number(seed))
  const log = openSync(logPath, 'a')
  const say = (line: object) => writeSync(log, `${JSON.stringify(line)}\n`)
  const state = readState(root)
  for (;;) {
    const operation = pick(CHOICES, random)?.(state, random)
    if (!operation || !isAllowed(state, operation)) continue
    say({ begin: operation })
    try {
      perform(root, operation)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error)
      say({ error: code })
      return GONE.includes(code) || !existsSync(root) ? 0 : 1
    }
    say({ done: true })
    apply(state, operation)
  }
}

process.exitCode = main(process.argv.slice(2))
