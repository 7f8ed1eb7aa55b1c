/** Ways to damage a file that nobody has open. */
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { seededRandom } from '../../src/store/with-faults.js'

const pageBytes = 4096
/** In a page's header, as lmdb-js builds it. */
const pageFlagsAt = 18

export interface FileDamage {
  readonly name: string
  apply(path: string): void
}

export const emptied: FileDamage = { name: 'emptied', apply: (path) => truncateSync(path, 0) }

export const halved: FileDamage = {
  name: 'cut in half',
  apply: (path) => truncateSync(path, Math.floor(statSync(path).size / 2)),
}

/** Without its last bytes. */
export function shorter(bytes: number): FileDamage {
  return {
    name: `${bytes} bytes shorter`,
    apply: (path) => truncateSync(path, Math.max(0, statSync(path).size - bytes)),
  }
}

export const folderInstead: FileDamage = {
  name: 'a folder in its place',
  apply(path) {
    rmSync(path, { recursive: true })
    mkdirSync(path)
  },
}

export const removed: FileDamage = { name: 'removed', apply: (path) => rmSync(path) }

export const scribbled: FileDamage = {
  name: 'other bytes all over',
  apply: (path) => writeFileSync(path, Buffer.alloc(Math.max(100, statSync(path).size), 'x')),
}

export function swapped(other: string): FileDamage {
  return { name: "another volume's", apply: (path) => copyFileSync(other, path) }
}

/** Bits at random places, each on its own. */
export function flipped(count: number, seed: number): FileDamage[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => {
    const [place, bit] = [random(), Math.floor(random() * 8)]
    return {
      name: `bit ${bit} at ${(place * 100).toFixed(3)} %`,
      apply(path: string) {
        const bytes = readFileSync(path)
        const at = Math.floor(place * bytes.length)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
        writeFileSync(path, bytes)
      },
    }
  })
}

/** Where pages of LMDB's trees begin: branches and leaves, not those that large values fill. */
function treePages(bytes: Buffer): number[] {
  const places: number[] = []
  for (let at = 2 * pageBytes; at < bytes.length; at += pageBytes) {
    const flags = bytes.readUInt16LE(at + pageFlagsAt)
    if (flags === 1 || flags === 2) places.push(at)
  }
  return places
}

/** Bits of the trees of a data file, or whole pages of them where there is a `fill`. */
export function treeDamages(count: number, seed: number, fill?: string): FileDamage[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => {
    const [page, place] = [random(), random()]
    return {
      name: `${fill ? `"${fill}" all over` : 'a bit of'} a page of a tree, ${page}, ${place}`,
      apply(path: string) {
        const bytes = readFileSync(path)
        const places = treePages(bytes)
        const start = places[Math.floor(page * places.length)] ?? 0
        const at = start + Math.floor(place * pageBytes)
        if (fill) bytes.fill(fill, start, start + pageBytes)
        else bytes[at] = (bytes[at] ?? 0) ^ 4
        writeFileSync(path, bytes)
      },
    }
  })
}

/** Pages of a data file, behind its first two, filled with something else. */
export function pages(count: number, seed: number, fill: string): FileDamage[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => {
    const place = random()
    return {
      name: `a page of "${fill}" at ${(place * 100).toFixed(1)} %`,
      apply(path: string) {
        const bytes = readFileSync(path)
        const last = Math.floor(bytes.length / 4096) - 2
        const at = 4096 * (2 + Math.floor(place * last))
        bytes.fill(fill, at, at + 4096)
        writeFileSync(path, bytes)
      },
    }
  })
}
