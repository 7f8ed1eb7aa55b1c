// Names, inodes and directories against each other and against the head's counts.

import { usedBytes } from '../../replica/overlay.js'
import type { Head } from '../../volume/head.js'
import { type Inode, rootIno } from '../../volume/inode.js'
import { decodeDirent } from '../../volume/inode-codec.js'
import { type Name, nameBytesMax } from '../../volume/name.js'
import type { Report } from './finding.js'
import { inodesOf, isDirectoryType, type Place, type TreeFacts } from './tree-facts.js'

const types = new Map([
  [0o010000, 'a pipe'],
  [0o020000, 'a character device'],
  [0o040000, 'a directory'],
  [0o060000, 'a block device'],
  [0o100000, 'a regular file'],
  [0o120000, 'a symbolic link'],
  [0o140000, 'a socket'],
])
const typeMask = 0o170000
const symlinkType = 0o120000

/** `head` undefined: its counts are not checked. */
export function checkTree(facts: TreeFacts, head: Head | undefined, report: Report): void {
  checkRoot(facts, report)
  checkNames(facts, report)
  checkPointers(facts, report)
  checkInodes(facts, head, report)
  checkParents(facts, report)
  checkLoops(facts, report)
}

function checkRoot({ tree, unreadableInodes }: TreeFacts, report: Report): void {
  if (!tree.hasInode(rootIno) && !unreadableInodes.has(rootIno))
    report.finding({ check: 'inode', path: '/', message: 'the root has no attributes' })
}

function checkNames(facts: TreeFacts, report: Report): void {
  for (const { parent, name } of facts.tree.dirents()) {
    const why = faultOf(name)
    if (why) report.finding({ check: 'name', path: facts.pathOf({ parent, name }), message: why })
  }
}

function faultOf(name: Name): string | undefined {
  if (name === '') return 'a name of no bytes'
  if (name === '.' || name === '..') return `an entry called ${name}`
  if (name.length > nameBytesMax) return `a name of ${name.length} bytes`
  return /[/\0]/.test(name) ? 'a name with a slash or a NUL' : undefined
}

/** Entries that only point to an inode record. */
function checkPointers(facts: TreeFacts, report: Report): void {
  const { tree, unreadableInodes } = facts
  for (const { parent, name, value } of tree.dirents()) {
    const dirent = readableDirent(value)
    if (!dirent) continue
    const { ino, type, inode } = dirent
    const path = facts.pathOf({ parent, name })
    if (!inode && !tree.hasInode(ino) && !unreadableInodes.has(ino))
      report.finding({ check: 'inode', path, message: `inode ${ino} does not exist` })
    if (inode && tree.hasInode(ino))
      report.finding({ check: 'inode', path, message: `inode ${ino} has attributes twice` })
    if (!inode && type === 0o040000)
      report.finding({ check: 'tree', path, message: 'a directory that is linked like a file' })
  }
}

function readableDirent(value: Buffer) {
  try {
    return decodeDirent(value)
  } catch {
    // Told already where facts were collected.
    return undefined
  }
}

function checkInodes(facts: TreeFacts, head: Head | undefined, report: Report): void {
  const types = pointerTypes(facts)
  const inlined = new Set<number>()
  let [bytes, inodes] = [0, 0]
  for (const { inode, place } of inodesOf(facts)) {
    const isInline = place !== undefined && !inode.shared
    if (isInline && inlined.has(inode.ino)) continue
    if (isInline) inlined.add(inode.ino)
    bytes += usedBytes(inode)
    inodes++
    checkInode(facts, inode, place, types.get(inode.ino), report)
  }
  if (!head || facts.isPartial) return
  if (head.usedBytes !== bytes)
    tellUsage(report, `${head.usedBytes} bytes in use, and the files have ${bytes}`)
  if (head.usedInodes !== inodes)
    tellUsage(report, `${head.usedInodes} inodes in use, and there are ${inodes}`)
}

function tellUsage(report: Report, what: string): void {
  report.finding({ check: 'usage', message: `the head counts ${what}` })
}

/** What entries say of the inodes whose records they point to. */
function pointerTypes({ tree }: TreeFacts): Map<number, { type: number; place: Place }> {
  const types = new Map<number, { type: number; place: Place }>()
  for (const { parent, name, value } of tree.dirents()) {
    const dirent = readableDirent(value)
    if (!dirent || dirent.inode) continue
    types.set(dirent.ino, { type: dirent.type, place: { parent, name } })
  }
  return types
}

function checkInode(
  facts: TreeFacts,
  inode: Inode,
  place: Place | undefined,
  pointer: { type: number; place: Place } | undefined,
  report: Report,
): void {
  const { ino, mode, nlink } = inode
  const names = facts.names.get(ino) ?? 0
  const path = ino === rootIno ? '/' : place && facts.pathOf(place)
  const tell = (check: 'inode' | 'links' | 'tree', message: string) =>
    report.finding({ check, path, message })
  const type = mode & typeMask
  if (pointer && pointer.type !== type)
    tell('inode', `the entry says ${nameOf(pointer.type)}, inode ${ino} is ${nameOf(type)}`)
  if (ino === rootIno && !isDirectoryType(mode)) tell('inode', 'the root is no directory')
  if (ino !== rootIno && names === 0 && facts.unknownInodes === 0)
    tell('tree', `inode ${ino} has no name`)
  const why = faultOfAttributes(inode)
  if (why) tell('inode', why)
  if (isDirectoryType(mode)) checkDirectory(facts, inode, tell)
  else if (!inode.shared && names > 1) tell('inode', `inode ${ino} has attributes twice`)
  else if (names > 0 && nlink !== names && facts.unknownInodes === 0)
    tell('links', `its link count is ${nlink}, and it has ${names} ${plural(names, 'name')}`)
}

function checkDirectory(
  { subdirectories, unreadableParents }: TreeFacts,
  { ino, nlink }: Inode,
  tell: (check: 'links', message: string) => void,
): void {
  const count = subdirectories.get(ino) ?? 0
  if (nlink === count + 2 || unreadableParents.has(ino)) return
  const what = `${count} ${plural(count, 'directory', 'directories')} in it`
  tell('links', `its link count is ${nlink} instead of ${count + 2}: there are ${what}`)
}

function faultOfAttributes({ mode, content, size, target }: Inode): string | undefined {
  const type = mode & typeMask
  if (!types.has(type)) return `its type is ${type.toString(8)}, which there is not`
  if (content.kind !== 'none' && type !== 0o100000)
    return `it is ${nameOf(type)} and has the bytes of a file`
  if (type === symlinkType && target === '') return 'a symbolic link without a target'
  if (type === symlinkType && size !== target.length)
    return `its size is ${size}, and its target has ${target.length} bytes`
  return undefined
}

function nameOf(type: number): string {
  return types.get(type) ?? `of type ${type.toString(8)}`
}

/** Entries stand below directories, each of which has one place. */
function checkParents(facts: TreeFacts, report: Report): void {
  for (const { parent, entries } of facts.tree.parents()) {
    if (parent === rootIno || facts.directories.has(parent)) continue
    if (facts.unknownInodes > 0 || facts.unreadableInodes.has(parent)) continue
    const what = facts.names.has(parent) ? 'is no directory' : 'does not exist'
    const count = `${entries} ${plural(entries, 'entry', 'entries')}`
    const message = `${count} below inode ${parent}, which ${what}`
    report.finding({ check: 'tree', message })
  }
  for (const { ino, place } of facts.doubles) {
    const first = ino === rootIno ? '/' : facts.pathOfDirectory(ino)
    const message = `a directory that has another place already: ${first}`
    report.finding({ check: 'tree', path: facts.pathOf(place), message })
  }
}

/** Directories that hang on themselves, each loop once. */
function checkLoops({ directories }: TreeFacts, report: Report): void {
  const seen = new Map<number, number>()
  let walk = 0
  for (const start of directories.keys()) {
    walk++
    let at: number | undefined = start
    while (at !== undefined && at !== rootIno && !seen.has(at)) {
      seen.set(at, walk)
      at = directories.get(at)?.parent
    }
    if (at === undefined || at === rootIno || seen.get(at) !== walk) continue
    const names = [directories.get(at)?.name]
    for (let next = directories.get(at)?.parent; next !== at && next !== undefined; ) {
      names.push(directories.get(next)?.name)
      next = directories.get(next)?.parent
    }
    const message = `directories that stand in each other and nowhere else: ${names.reverse().join('/')}`
    report.finding({ check: 'tree', message })
  }
}

function plural(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many
}
