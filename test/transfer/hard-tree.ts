/**
 * A tree with all that a copy may lose, and a listing of any tree with all that two may differ in, the
 * kernel's own view of both.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { mkfifo, mknod } from '../../src/native/make-node.js'
import { seekData, seekHole } from '../../src/native/seek.js'
import { setTimes } from '../../src/native/times.js'
import { getXattr, listXattrs, setXattr } from '../../src/native/xattr.js'
import { createTree, listTree, makeContent } from '../support/tree.js'

const isRoot = process.geteuid?.() === 0
const bytes = (path: string) => Buffer.from(path, 'latin1')

/** The programs that the tree is made with. */
export function missingForHardTree(): string | undefined {
  if (!isRoot) return 'needs root, for owners and devices'
  for (const program of ['setfacl', 'tar'])
    try {
      execFileSync(program, ['--version'], { stdio: 'ignore' })
    } catch {
      return `${program} not found`
    }
  return undefined
}

/** Fills a new folder `root`. */
export async function createHardTree(root: string, seed = 1): Promise<void> {
  createTree(root, { seed, directories: 6, filesEach: 8 })
  const inside = (name: string) => `${root}/${name}`
  writeFileSync(inside('set-id'), 'x')
  chownSync(inside('set-id'), 1234, 4321)
  chmodSync(inside('set-id'), 0o6751)
  makeSparse(inside('sparse'))
  truncateSync(makeEmpty(inside('all-hole')), 5_000_000)
  writeFileSync(inside('large'), makeContent(7, 3_000_001))
  makeAttributes(inside('attributes'))
  mkfifo(inside('fifo'), 0o640)
  mknod(inside('device'), 0o020600, 0x0103)
  mknod(inside('large-device'), 0o060640, (0x12345 & 0xff) | (0xabc << 8) | (0x12300 << 12))
  symlinkSync(bytes(`to/\xff\xfe${'x'.repeat(200)}`), inside('odd-link'))
  lchownSync(inside('odd-link'), 77, 78)
  mkdirSync(inside('locked'))
  writeFileSync(inside('locked/file'), 'behind')
  linkSync(inside('locked/file'), inside('other-name'))
  linkSync(inside('set-id'), inside('locked/set-id-too'))
  const deep = `${root}/${Array.from({ length: 12 }, (_, at) => `${at}`.padEnd(40, 'd')).join('/')}`
  mkdirSync(deep, { recursive: true })
  writeFileSync(bytes(`${deep}/${'n'.repeat(255)}`), 'long')
  writeFileSync(inside('old'), 'before 1970')
  setTimes(inside('old'), { sec: -100, nsec: 5 }, { sec: -3, nsec: 999_999_999 })
  execFileSync('setfacl', ['-m', 'u:12345:rw,g:12346:r', inside('attributes')])
  execFileSync('setfacl', ['-d', '-m', 'u:12345:rwx', inside('locked')])
  chmodSync(inside('locked'), 0o555)
  setTimes(inside('locked'), { sec: 1e9, nsec: 7 }, { sec: 1_234_567_890, nsec: 123_456_789 })
  setTimes(root, { sec: 1e9, nsec: 7 }, { sec: 1_111_111_111, nsec: 111_111_111 })
}

function makeEmpty(path: string): string {
  writeFileSync(path, '')
  return path
}

function makeSparse(path: string): void {
  const fd = openSync(path, 'w')
  writeSync(fd, 'begin', 0)
  writeSync(fd, makeContent(3, 70_000), 0, 70_000, 1_000_000)
  writeSync(fd, 'late', 40_000_000)
  ftruncateSync(fd, 50_000_000)
  closeSync(fd)
}

function makeAttributes(path: string): void {
  writeFileSync(path, 'with attributes')
  setXattr(path, 'user.binary', Buffer.from([0, 0xff, 0x0a, 0x3d, 0x20]))
  setXattr(path, 'user.empty', Buffer.alloc(0))
  setXattr(path, 'user.a=b%c%3D', Buffer.from('='))
  setXattr(path, 'trusted.secret', Buffer.from('of root'))
  const capability = '0100000200200000000000000000000000000000'
  setXattr(path, 'security.capability', Buffer.from(capability, 'hex'))
}

/** Listens on a socket in the tree until the answer is called. */
export async function addSocket(path: string): Promise<() => void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return () => void server.close()
}

/** As listTree, with types of special files, device numbers, attributes, and where files have bytes. */
export function listFully(root: string): string[] {
  const facts: string[] = []
  const visit = (path: string) => {
    const full = bytes(`${root}${path}`)
    const stats = lstatSync(full)
    const attributes = listXattrs(full, 'latin1')
      .filter((name) => !name.startsWith('security.selinux'))
      .sort()
      .map((name) => `${name}=${getXattr(full, Buffer.from(name, 'latin1'))?.toString('hex')}`)
    const holes = stats.isFile() ? mapOf(full, stats.size) : ''
    const type = (stats.mode & 0o170000).toString(8)
    const line = [JSON.stringify(path || '/'), 'is', type, stats.isFile() ? '' : stats.rdev]
    facts.push([...line, holes, ...attributes].join(' '))
    if (stats.isDirectory())
      for (const name of readdirSync(full, { encoding: 'latin1' })) visit(`${path}/${name}`)
  }
  visit('')
  return [...listTree(root), ...facts].sort()
}

/** Rough enough for file systems with blocks of different sizes: which whole MiB are a hole. */
function mapOf(path: Buffer, size: number): string {
  const fd = openSync(path, 'r')
  try {
    let map = ''
    for (let at = 0; at + (1 << 20) <= size; at += 1 << 20) {
      const isHole = (seekData(fd, at) ?? size) >= at + (1 << 20) || seekHole(fd, at) === undefined
      map += isHole ? '.' : '#'
    }
    return map
  } finally {
    closeSync(fd)
  }
}
