// Who holds files of a mount: every process with an open file, a working directory, a root, a program
// or a mapping on it, by /proc. Works across mount namespaces (containers): the superblock's device
// number tells the mounts of each. Nothing here asks the mounted file system anything, yet reading
// another process's /proc files can wait for locks that a fault on the mount holds: a process that
// serves the mount asks through a child (`findHolders`).

import { spawn } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type MountEntry, mountAt, parseMountTable, readMountTable } from './mount-table.js'

export interface Holder {
  readonly pid: number
  /** The program's name, as `ps` shows it. */
  readonly program: string
  /** One of the paths that it holds, as that process sees it. */
  readonly path: string
  readonly use: 'file' | 'working directory' | 'root' | 'program' | 'mapping' | 'mount'
}

/** The mounts of one mount namespace that show the file system in question. */
interface View {
  readonly ids: ReadonlySet<number>
  readonly mountpoints: readonly string[]
}

/** Who holds the mount at `mountpoint`; at most one entry a process. Reads /proc, may wait. */
export async function listHolders(mountpoint: string): Promise<Holder[]> {
  const table = await readMountTable()
  const mount = mountAt(table, mountpoint)
  return mount ? [...nestedMounts(table, mount), ...(await processesOn(mount.device))] : []
}

/** The same for a device number, for a mount that is no longer in the table. */
export async function processesOn(device: string): Promise<Holder[]> {
  const views = new Map<string, Promise<View>>()
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const holders: Holder[] = []
  for (const pid of pids) {
    if (pid === process.pid) continue
    const holder = await inspect(pid, device, views)
    if (holder) holders.push(holder)
  }
  return holders
}

/** A mount inside a mount keeps it busy as well. */
function nestedMounts(table: readonly MountEntry[], mount: MountEntry): Holder[] {
  return table
    .filter((entry) => entry.parent === mount.id && entry.mountpoint !== mount.mountpoint)
    .map((entry) => ({ pid: 0, program: 'kernel', path: entry.mountpoint, use: 'mount' as const }))
}

async function inspect(
  pid: number,
  device: string,
  views: Map<string, Promise<View>>,
): Promise<Holder | undefined> {
  const view = await viewOf(pid, device, views)
  if (!view) return undefined
  const found =
    (await placeHeld(pid, view)) ?? (await fileHeld(pid, view)) ?? (await mappingHeld(pid, device))
  if (!found) return undefined
  const program = (await textOf(`/proc/${pid}/comm`))?.trim() ?? '?'
  return { pid, program, ...found }
}

type Held = Pick<Holder, 'path' | 'use'>

/** Mount namespaces are read once each. Undefined: the process is gone, or not ours to look at. */
async function viewOf(
  pid: number,
  device: string,
  views: Map<string, Promise<View>>,
): Promise<View | undefined> {
  const namespace = await linkOf(`/proc/${pid}/ns/mnt`)
  if (!namespace) return undefined
  const known = views.get(namespace)
  if (known) return known
  const text = await textOf(`/proc/${pid}/mountinfo`)
  if (text === undefined) return undefined
  const mounts = parseMountTable(text).filter((entry) => entry.device === device)
  const view = {
    ids: new Set(mounts.map((entry) => entry.id)),
    mountpoints: mounts.map((entry) => entry.mountpoint),
  }
  views.set(namespace, Promise.resolve(view))
  return view
}

const places = [
  { name: 'cwd', use: 'working directory' },
  { name: 'root', use: 'root' },
  { name: 'exe', use: 'program' },
] as const

async function placeHeld(pid: number, view: View): Promise<Held | undefined> {
  for (const { name, use } of places) {
    const path = await linkOf(`/proc/${pid}/${name}`)
    if (path && view.mountpoints.some((top) => path === top || path.startsWith(`${top}/`))) {
      return { path, use }
    }
  }
  return undefined
}

/** fdinfo names the mount of each descriptor, so that no path has to be compared. */
async function fileHeld(pid: number, view: View): Promise<Held | undefined> {
  for (const descriptor of await namesIn(`/proc/${pid}/fdinfo`)) {
    const text = await textOf(`/proc/${pid}/fdinfo/${descriptor}`)
    const id = /^mnt_id:\s*(\d+)$/m.exec(text ?? '')?.[1]
    if (id === undefined || !view.ids.has(Number(id))) continue
    const path = await linkOf(`/proc/${pid}/fd/${descriptor}`)
    return { path: path ?? `descriptor ${descriptor}`, use: 'file' }
  }
  return undefined
}

/** /proc/<pid>/maps writes the device in hexadecimal: `08:01`. */
async function mappingHeld(pid: number, device: string): Promise<Held | undefined> {
  const [major = 0, minor = 0] = device.split(':').map(Number)
  const shown = [major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':')
  const text = (await textOf(`/proc/${pid}/maps`)) ?? ''
  for (const line of text.split('\n')) {
    const match = /^\S+ \S+ \S+ (\S+) \d+\s*(.*)$/.exec(line)
    if (match?.[1] === shown) return { path: match[2] || 'unnamed', use: 'mapping' }
  }
  return undefined
}

/** A process may end, or be another user's, at any moment: both read as "nothing to see". */
const passing = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'EINVAL'])

async function unlessPassing<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading
  } catch (error) {
    if (passing.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

const textOf = (file: string) => unlessPassing(readFile(file, 'utf8'))
const linkOf = (file: string) => unlessPassing(readlink(file))
const namesIn = async (folder: string) => (await unlessPassing(readdir(folder))) ?? []

/**
 * `listHolders`, or by device `processesOn`, in a child process. `undefined`: not known within the time.
 * This process, which serves the mount, is left out.
 */
export function findHolders(
  mount: { mountpoint: string } | { device: string },
  timeoutMs = 10_000,
): Promise<Holder[] | undefined> {
  const argument = 'device' in mount ? `device:${mount.device}` : mount.mountpoint
  const script = fileURLToPath(import.meta.url)
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, argument], {
      stdio: ['ignore', 'pipe', 'ignore'],
      cwd: '/',
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      child.unref()
      child.stdout.destroy()
      resolve(undefined)
    }, timeoutMs)
    child.once('error', () => finish(undefined))
    child.once('close', (status) => finish(status === 0 ? JSON.parse(output) : undefined))

    function finish(holders: Holder[] | undefined): void {
      clearTimeout(timer)
      resolve(holders?.filter((holder) => holder.pid !== process.pid))
    }
  })
}

/** One line for people. */
export function describeHolder(holder: Holder): string {
  return holder.use === 'mount'
    ? `a mount lies on ${holder.path}`
    : `pid ${holder.pid} (${holder.program}) holds ${holder.use} ${holder.path}`
}

async function main(argument: string): Promise<void> {
  const device = /^device:(\d+:\d+)$/.exec(argument)?.[1]
  const holders = device ? await processesOn(device) : await listHolders(argument)
  process.stdout.write(JSON.stringify(holders))
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2]) {
  await main(process.argv[2])
}
