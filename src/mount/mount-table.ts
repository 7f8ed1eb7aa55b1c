// What is mounted in this process's mount namespace, by /proc/self/mountinfo (proc(5)), and the care
// of CassFS mounts whose server has died. A mount is never touched from here: a file system that
// hangs would hang us; a child process touches it, and is given up after a time.

import { spawn } from 'node:child_process'
import { readFile, realpath } from 'node:fs/promises'
import path from 'node:path'
import { Errno, FsError } from '../posix/errno.js'

/** The file system type that CassFS mounts show: type fuse, subtype cassfs. */
export const cassfsType = 'fuse.cassfs'

export interface MountEntry {
  readonly id: number
  readonly parent: number
  /** `major:minor` of the superblock, the same in every mount namespace. */
  readonly device: string
  /** Which folder of the file system is mounted: `/` unless it is a bind mount. */
  readonly root: string
  readonly mountpoint: string
  /** Comma-separated options of the mount. */
  readonly options: string
  readonly type: string
  readonly source: string
}

/** The mounts that process `pid` sees, in the kernel's order: of two on one path the later covers. */
export async function readMountTable(pid: number | 'self' = 'self'): Promise<MountEntry[]> {
  return parseMountTable(await readFile(`/proc/${pid}/mountinfo`, 'utf8'))
}

/** Parses the text of a mountinfo file; lines that are not understood are left out. */
export function parseMountTable(text: string): MountEntry[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? [])
}

function parseLine(line: string): MountEntry | undefined {
  const fields = line.split(' ')
  const separator = fields.indexOf('-', 6)
  const [id, parent, device, root, mountpoint, options] = fields
  const [type, source] = fields.slice(separator + 1)
  if (separator < 0 || !device || !root || !mountpoint || !type) return undefined
  return {
    id: Number(id),
    parent: Number(parent),
    device,
    root: unescapeOctal(root),
    mountpoint: unescapeOctal(mountpoint),
    options: options ?? '',
    type,
    source: unescapeOctal(source ?? ''),
  }
}

/** The kernel writes blank, tab, newline and backslash as `\ooo`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
}

/** The mount that covers exactly `mountpoint`, the topmost one. */
export function mountAt(table: readonly MountEntry[], mountpoint: string): MountEntry | undefined {
  return table.findLast((entry) => entry.mountpoint === mountpoint)
}

/**
 * The absolute path of a mountpoint without links in it, found without touching what is mounted there.
 * Throws Node's ENOENT, ENOTDIR, ...
 */
export async function resolveMountpoint(given: string): Promise<string> {
  const absolute = path.resolve(given)
  if (absolute === '/') return absolute
  const parent = await realpath(path.dirname(absolute))
  const candidate = path.join(parent, path.basename(absolute))
  return mountAt(await readMountTable(), candidate) ? candidate : realpath(candidate)
}

/** `dead`: its server is gone for ever. `silent`: no answer in time, which may pass. */
export type MountHealth = 'answers' | 'dead' | 'silent'

const probeScript = `
try { require('fs').statfsSync(process.argv[1]) } catch (error) {
  process.exit(['ENOTCONN', 'ECONNABORTED'].includes(error.code) ? 3 : 4)
}`

/**
 * Asks a mount for its statfs, in a child process that is given up after `timeoutMs`. (Attributes the
 * kernel answers from its cache for a while after the server's death.) A mount that this user may not
 * enter counts as answering.
 */
export async function probeMount(mountpoint: string, timeoutMs = 5000): Promise<MountHealth> {
  const run = await runBounded(process.execPath, ['-e', probeScript, mountpoint], timeoutMs)
  if (run.timedOut) return 'silent'
  return run.status === 3 ? 'dead' : 'answers'
}

/**
 * Takes a mount out of the tree at once, whatever holds it; what is open stays served if the server
 * lives. Throws FsError.
 */
export async function detachMount(mountpoint: string, timeoutMs = 10_000): Promise<void> {
  const [program, ...args] = detachCommand()
  const run = await runBounded(program, [...args, mountpoint], timeoutMs)
  if (run.status === 0) return
  const why = run.timedOut ? `no answer within ${timeoutMs / 1000} s` : run.errorText.trim()
  throw new FsError(Errno.EBUSY, `cannot detach ${mountpoint}: ${program}: ${why}`)
}

/** The command that detaches a mount, without its last argument. */
export function detachCommand(): [string, ...string[]] {
  return process.getuid?.() === 0
    ? ['umount', '-l', '-i', '--']
    : ['fusermount3', '-u', '-z', '-q', '--']
}

/**
 * Detaches CassFS mounts at `mountpoint` whose server is gone, also several on top of each other.
 * Returns how many.
 */
export async function detachDeadMounts(mountpoint: string): Promise<number> {
  const stackMax = 32
  for (let count = 0; count < stackMax; count += 1) {
    const top = mountAt(await readMountTable(), mountpoint)
    if (top?.type !== cassfsType || (await probeMount(mountpoint)) !== 'dead') return count
    await detachMount(mountpoint)
  }
  throw new FsError(Errno.EBUSY, `more than ${stackMax} dead mounts lie on ${mountpoint}`)
}

interface BoundedRun {
  readonly status: number | undefined
  readonly timedOut: boolean
  readonly errorText: string
}

/** Runs a program; one that hangs in the kernel is killed and not waited for. */
function runBounded(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<BoundedRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' })
    let errorText = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errorText += text
    })
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      child.unref()
      child.stderr.destroy()
      resolve({ status: undefined, timedOut: true, errorText })
    }, timeoutMs)
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      const missing = error.code === 'ENOENT'
      reject(new FsError(Errno.ENOENT, missing ? `${program} is not installed` : error.message))
    })
    child.once('close', (status) => {
      clearTimeout(timer)
      resolve({ status: status ?? undefined, timedOut: false, errorText })
    })
  })
}
