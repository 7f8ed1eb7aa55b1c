// The register of running mounts: one JSON file a mount under /run/cassfs (root) or
// $XDG_RUNTIME_DIR/cassfs, folder mode 0700. A file is claimed before mounting, so that two mounts of one
// folder cannot start at once, and removed after unmounting; one left by a killed process is found out
// by its pid and start time.

import { createHash, randomUUID } from 'node:crypto'
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  writeFile,
} from 'node:fs/promises'
import path from 'node:path'
import { Errno, FsError } from '../posix/errno.js'

export interface RunningMountRecord {
  readonly pid: number
  /** The process's start time in clock ticks since boot: a pid alone may be another's by now. */
  readonly pidStart: string
  /** The pid namespace, in which alone the pid means something. */
  readonly pidNamespace: string
  readonly mountpoint: string
  readonly owner: string
  readonly environment: string
  readonly engine: string
  readonly readOnly: boolean
  /** ISO 8601. */
  readonly startedAt: string
  readonly controlSocket: string
  readonly logFile?: string
  readonly version: string
}

/** A claimed place in the register. */
export interface Registration {
  readonly record: RunningMountRecord
  release(): Promise<void>
}

export interface RegisterHost {
  readonly uid: number
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The register's folder of a user. */
export function registerFolder(host: RegisterHost): string {
  if (host.uid === 0) return '/run/cassfs'
  const runtime = host.env.XDG_RUNTIME_DIR
  return runtime ? path.join(runtime, 'cassfs') : `/tmp/cassfs-${host.uid}`
}

/** Every folder this user may list: root sees those of all users. */
export async function registerFolders(host: RegisterHost): Promise<string[]> {
  const own = registerFolder(host)
  if (host.uid !== 0) return [own]
  const users = await namesIn('/run/user')
  const shared = (await namesIn('/tmp')).filter((name) => /^cassfs-\d+$/.test(name))
  return [
    own,
    ...users.map((user) => `/run/user/${user}/cassfs`),
    ...shared.map((name) => `/tmp/${name}`),
  ]
}

/** What a mount says of itself when it registers. */
export type RegisterEntry = Omit<
  RunningMountRecord,
  'pid' | 'pidStart' | 'pidNamespace' | 'controlSocket' | 'startedAt'
>

/**
 * Claims `entry.mountpoint` for this process. Throws FsError EBUSY, naming the process, where another
 * that lives has claimed it.
 */
export async function registerMount(folder: string, entry: RegisterEntry): Promise<Registration> {
  await preparePrivateFolder(folder)
  const base = path.join(folder, await placeName(entry.mountpoint))
  const record: RunningMountRecord = {
    ...entry,
    pid: process.pid,
    pidStart: (await processStart(process.pid)) ?? '',
    pidNamespace: await readlink('/proc/self/ns/pid'),
    startedAt: new Date().toISOString(),
    controlSocket: `${base}.sock`,
  }
  await claim(`${base}.json`, record)
  return {
    record,
    release: async () => {
      await rm(record.controlSocket, { force: true })
      await rm(`${base}.json`, { force: true })
    },
  }
}

/**
 * The mounts that run, by mountpoint; of two on one, that of the earlier folder first. What a killed
 * process left in a folder of this user is cleared away.
 */
export async function listRunningMounts(folders: readonly string[]): Promise<RunningMountRecord[]> {
  const pidNamespace = await readlink('/proc/self/ns/pid')
  const records: RunningMountRecord[] = []
  for (const folder of folders) {
    const isOwn = (await ownerOf(folder)) === process.getuid?.()
    for (const name of await namesIn(folder)) {
      if (!name.endsWith('.json')) continue
      const file = path.join(folder, name)
      const record = await readRecord(file)
      if (record?.pidNamespace !== pidNamespace) continue
      // Where the socket lies is not what somebody else's file says.
      const controlSocket = file.replace(/\.json$/, '.sock')
      if (await isAlive(record)) records.push({ ...record, controlSocket })
      else if (isOwn) await rm(file, { force: true })
    }
  }
  return records.sort((a, b) => compare(a.mountpoint, b.mountpoint))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Undefined: it is not there, or a link, which somebody else may have laid. */
async function ownerOf(folder: string): Promise<number | undefined> {
  const found = await lstat(folder).catch(() => undefined)
  return found?.isDirectory() ? found.uid : undefined
}

/** The running mount at a mountpoint (as resolveMountpoint gives it). */
export async function findRunningMount(
  folders: readonly string[],
  mountpoint: string,
): Promise<RunningMountRecord | undefined> {
  const records = await listRunningMounts(folders)
  return records.find((record) => record.mountpoint === mountpoint)
}

/** Containers may share /run and not the mounts: the name tells mount namespaces apart. */
async function placeName(mountpoint: string): Promise<string> {
  const namespace = await readlink('/proc/self/ns/mnt')
  return createHash('sha256').update(`${namespace}\0${mountpoint}`).digest('hex').slice(0, 20)
}

async function claim(file: string, record: RunningMountRecord): Promise<void> {
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  try {
    const attemptsMax = 5
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      if (await linkedAnew(draft, file)) return
      const holder = await readRecord(file)
      if (holder && (await isAlive(holder))) throw alreadyMounted(holder)
      await rm(file, { force: true })
    }
    throw new FsError(Errno.EBUSY, `${record.mountpoint} is being mounted by several processes`)
  } finally {
    await rm(draft, { force: true })
  }
}

async function linkedAnew(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function alreadyMounted(holder: RunningMountRecord): FsError {
  const { mountpoint, environment, owner, pid } = holder
  return new FsError(
    Errno.EBUSY,
    `${mountpoint} is taken: process ${pid} mounts environment "${environment}" of owner "${owner}"` +
      ` there; to end it: cassfs umount ${mountpoint}`,
  )
}

/** Undefined for a file that has gone, or is not a record of ours (half written by a crash). */
async function readRecord(file: string): Promise<RunningMountRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(file, 'utf8')) as RunningMountRecord
    return typeof record.pid === 'number' ? record : undefined
  } catch (error) {
    const isOurs = error instanceof SyntaxError || 'code' in (error as object)
    if (isOurs) return undefined
    throw error
  }
}

async function isAlive(record: RunningMountRecord): Promise<boolean> {
  return (await processStart(record.pid)) === record.pidStart
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 may hold anything, so count from its end. */
async function processStart(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

/** /tmp is everybody's: a folder that another made there is refused, not used. */
async function preparePrivateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const stat = await lstat(folder)
  if (!stat.isDirectory() || stat.uid !== process.getuid?.()) {
    throw new FsError(
      Errno.EACCES,
      `${folder} belongs to somebody else; remove it or set XDG_RUNTIME_DIR`,
    )
  }
  if ((stat.mode & 0o077) !== 0) await chmod(folder, 0o700)
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return []
    throw error
  }
}
