/**
 * Trees of files for tests: one made from a seed, with everything that ordinary trees hold and the
 * odd names that they sometimes do; and a listing of any tree that two trees can be compared by.
 */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'

/** A repeatable source of numbers (mulberry32): `next(n)` is a whole number from 0 to n - 1. */
export function createRandom(seed: number): (n: number) => number {
  let state = seed >>> 0
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n
  }
}

/** Content that only this seed gives; about a third of it compresses well. */
export function makeContent(seed: number, size: number): Buffer {
  const random = createRandom(seed)
  const content = Buffer.alloc(size)
  for (let at = 0; at < size; at += 4) {
    const word = seed % 3 === 0 ? (at >>> 6) * 2654435761 : random(0x100000000)
    content.writeUInt8(word & 0xff, at)
    for (let byte = 1; byte < 4 && at + byte < size; byte++)
      content.writeUInt8((word >>> (8 * byte)) & 0xff, at + byte)
  }
  return content
}

const ODD_NAMES = [
  'a b',
  'quote\'"',
  '-dash',
  'new\nline',
  'f\u00fc\u00dfe',
  '\xff\xfe\x80',
  '.hidden',
]
const SIZES = [0, 1, 511, 512, 513, 4096, 70_000, 262_144, 262_145]
const bytes = (path: string) => Buffer.from(path, 'latin1')

export interface TreeOptions {
  seed: number
  directories: number
  filesEach: number
}

/** Fills `root` (a latin1 string of bytes) with directories, files, symlinks and hard links. */
export function createTree(root: string, { seed, directories, filesEach }: TreeOptions): void {
  const random = createRandom(seed)
  const folders = [root]
  mkdirSync(bytes(root), { recursive: true })
  for (let number = 0; number < directories; number++) {
    const parent = folders[random(folders.length)] as string
    const folder = `${parent}/${number % 5 === 0 ? ODD_NAMES[random(ODD_NAMES.length)] : 'd'}${number}`
    mkdirSync(bytes(folder))
    folders.push(folder)
  }
  for (const folder of folders) fillFolder(folder, filesEach, random)
  folders.reverse().forEach((folder, index) => {
    chmodSync(bytes(folder), [0o755, 0o750, 0o1777, 0o2775][index % 4] as number)
    utimesSync(bytes(folder), 1_500_000_000, 1_400_000_000 + index + 0.5)
  })
}

function fillFolder(folder: string, files: number, random: (n: number) => number): void {
  for (let number = 0; number < files; number++) {
    const odd = number % 7 === 3 ? ODD_NAMES[random(ODD_NAMES.length)] : 'file'
    const path = bytes(`${folder}/${odd}.${number}`)
    const size = number % 4 === 0 ? (SIZES[random(SIZES.length)] as number) : random(9000)
    writeFileSync(path, makeContent(random(1 << 30), size))
    chmodSync(path, [0o644, 0o600, 0o755, 0o444, 0o4711][number % 5] as number)
    utimesSync(path, 1_600_000_000, 1_300_000_000 + random(1e8) + 0.123456)
  }
  if (files === 0) return
  symlinkSync(bytes('file.0'), bytes(`${folder}/relative-link`))
  symlinkSync(bytes('/nowhere/at all'), bytes(`${folder}/dangling-link`))
  for (const name of ['relative-link', 'dangling-link'])
    lutimesSync(bytes(`${folder}/${name}`), 1_200_000_000, 1_200_000_000.25)
  linkSync(bytes(`${folder}/file.0`), bytes(`${folder}/hard-link`))
}

const KINDS: [name: string, is: (stat: ReturnType<typeof lstatSync>) => boolean][] = [
  ['file', (stat) => stat?.isFile() ?? false],
  ['dir', (stat) => stat?.isDirectory() ?? false],
  ['link', (stat) => stat?.isSymbolicLink() ?? false],
]

/**
 * One line for each entry of a tree, sorted: kind, mode, owner, links, size, mtime in nanoseconds,
 * SHA-256 of the content or the target of the link, path. Sizes of directories are left out, since
 * every file system has its own.
 */
export function listTree(root: string): string[] {
  const lines: string[] = []
  const visit = (path: string) => {
    const full = bytes(`${root}${path}`)
    const stat = lstatSync(full, { bigint: true })
    const kind = KINDS.find(([, is]) => is(stat as never))?.[0] ?? 'special'
    const facts = [kind, (stat.mode & 0o7777n).toString(8), `${stat.uid}:${stat.gid}`]
    if (kind !== 'dir') facts.push(`nlink=${stat.nlink}`, `size=${stat.size}`)
    facts.push(`mtime=${stat.mtimeNs}`)
    if (kind === 'file') facts.push(sha256(readFileSync(full)))
    if (kind === 'link') facts.push(readlinkSync(full, 'latin1'))
    lines.push(`${JSON.stringify(path || '/')} ${facts.join(' ')}`)
    if (kind !== 'dir') return
    for (const name of readdirSync(full, { encoding: 'latin1' })) visit(`${path}/${name}`)
  }
  visit('')
  return lines.sort()
}

/** What two listings do not share, at most 20 lines of it: '' when they are equal. */
export function differences(actual: string[], expected: string[]): string {
  const [here, there] = [new Set(actual), new Set(expected)]
  const missing = expected.filter((line) => !here.has(line)).map((line) => `- ${line}`)
  const unexpected = actual.filter((line) => !there.has(line)).map((line) => `+ ${line}`)
  const all = [...missing, ...unexpected].sort((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1))
  const rest = all.length > 20 ? `\n(${all.length - 20} more)` : ''
  return all.slice(0, 20).join('\n') + rest
}

/** How many of each kind a listing holds. */
export function countKinds(lines: string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const line of lines) {
    const kind = / (file|dir|link|special) /.exec(line)?.[1] ?? 'unknown'
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}
