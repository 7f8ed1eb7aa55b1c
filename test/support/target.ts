/**
 * What a test or a benchmark runs on: a CassFS mount over either store, or, to know what is normal,
 * a plain folder or bindfs. A target can be mounted, unmounted, killed and mounted again with its
 * files; the process that runs the test never serves the mount, so that it may use it freely.
 *
 * Environment: CASSFS_E2E_TARGET = cassfs (default) | cassandra | bindfs | empty | dir. `empty` is
 * the server of bench/empty-server.ts: the protocol and its transport without a file system behind.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cassandraMissing, openTestCassandra, type TestCassandra } from './cassandra.js'
import { findProgram, run, type Server, startServer, waitFor } from './process.js'
import { projectPath } from './project.js'

const MOUNT_TIMEOUT_MS = 30_000
const UNMOUNT_TIMEOUT_MS = 60_000
const emptyServer = fileURLToPath(new URL('../../bench/empty-server.js', import.meta.url))

export const TARGETS = ['cassfs', 'cassandra', 'bindfs', 'empty', 'dir'] as const
export type TargetName = (typeof TARGETS)[number]

export interface Target {
  readonly name: TargetName
  /** Where the files are: the mount point. Below `workDir`. */
  readonly dir: string
  /** A folder on the local disk, beside the mount, for whatever the test needs. */
  readonly workDir: string
  mount(): Promise<void>
  /** Ends the mount as a user would; throws when it does not end by itself. */
  unmount(): Promise<void>
  /** SIGKILL to every process of the mount. The dead mount stays, for mount() to replace. */
  kill(): Promise<void>
  /** The pid that serves the mount; undefined for a plain folder. */
  pid(): number | undefined
  /** `cassfs status --json` of this mount; undefined where there is none. */
  status(): Promise<Record<string, unknown> | undefined>
  /** One more mount of the same files, in a process of its own, not mounted yet. */
  another?(): Target
  /** Unmounts and deletes everything. */
  close(): Promise<void>
}

/** The target that the environment asks for. */
export function targetName(fallback: TargetName = 'cassfs'): TargetName {
  const name = process.env.CASSFS_E2E_TARGET ?? fallback
  if (!TARGETS.includes(name as TargetName))
    throw new Error(`CASSFS_E2E_TARGET=${name}: allowed are ${TARGETS.join(', ')}`)
  return name as TargetName
}

/** Why this target cannot be had here (to skip with), or undefined. */
export async function targetMissing(name: TargetName): Promise<string | undefined> {
  if (name === 'dir') return undefined
  const stops = await import(projectPath('scripts/requirements.mjs'))
  const problem: string | undefined = stops.whatStopsMounting()[0]
  if (problem) return problem
  if (name === 'empty' && !existsSync(emptyServer)) return `${emptyServer} is not there`
  if (name === 'bindfs' && !findProgram('bindfs')) return 'bindfs not found; apt-get install bindfs'
  return name === 'cassandra' ? cassandraMissing() : undefined
}

/** Makes a target below a new temporary folder, mounted. */
export async function openTarget(name: TargetName, flags: string[] = []): Promise<Target> {
  const workDir = await mkdtemp(join(tmpdir(), `${name}-`))
  chmodSync(workDir, 0o755) // other users reach the mount too
  const dir = join(workDir, 'mnt')
  mkdirSync(dir)
  const target = await createTarget(name, workDir, dir, flags)
  try {
    await target.mount()
  } catch (error) {
    await target.close().catch((closing) => {
      throw new AggregateError([error, closing], String(error))
    })
    throw error
  }
  return target
}

async function createTarget(name: TargetName, workDir: string, dir: string, flags: string[]) {
  if (name === 'dir') return createFolder(workDir, dir)
  if (name === 'bindfs') {
    const backing = join(workDir, 'backing')
    mkdirSync(backing)
    return createMount({ name, workDir, dir, program: 'bindfs', flags: ['-f', backing, dir] })
  }
  if (name === 'empty') {
    const flags = [emptyServer, dir]
    return createMount({ name, workDir, dir, program: process.execPath, flags })
  }
  const common = [projectPath('bin/cassfs.js'), `-statedir=${join(workDir, 'state')}`, ...flags]
  if (name === 'cassfs') return createCassfs(name, workDir, dir, common)
  const cassandra = await openTestCassandra()
  const keyspace = `cassfs_e2e_${process.pid}_${Date.now().toString(36)}`
  const remote = [...common, `-server=${cassandra.server}`, `-keyspace=${keyspace}`]
  const [script = '', ...options] = remote
  await run(process.execPath, [script, 'init', ...options])
  return createCassfs(name, workDir, dir, remote, cassandra)
}

function createFolder(workDir: string, dir: string): Target {
  const nothing = async () => {}
  return {
    name: 'dir',
    dir,
    workDir,
    mount: nothing,
    unmount: nothing,
    kill: nothing,
    pid: () => undefined,
    status: async () => undefined,
    close: async () => rmSync(workDir, { recursive: true, force: true }),
  }
}

interface MountCommand {
  name: TargetName
  workDir: string
  dir: string
  program: string
  flags: string[]
  /** What the server says once it has mounted; without it, any mount on `dir` is taken for it. */
  saysMounted?: RegExp
}

interface MountInfo {
  readonly id: string
  readonly type: string
}

/** The mount that lies uppermost on a folder, read without touching it. */
export function findMount(dir: string): MountInfo | undefined {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n')
  const fields = lines.findLast((each) => each.split(' ')[4] === dir)?.split(' ')
  const type = fields?.[fields.indexOf('-') + 1]
  return fields?.[0] && type ? { id: fields[0], type } : undefined
}

/** Takes away what lies on a folder; it may go by itself meanwhile. */
async function detachDead(dir: string): Promise<void> {
  for (let mount = findMount(dir); mount; mount = findMount(dir))
    try {
      await run('umount', ['-l', dir])
    } catch (error) {
      if (findMount(dir)?.id === mount.id) throw error
    }
}

/** Any program that serves a mount in the foreground until it is unmounted. */
function createMount(command: MountCommand): Target {
  const { name, workDir, dir } = command
  let server: Server | undefined
  const finish = async () => {
    const ended = server?.ended
    await waitFor(`the server of ${dir} to end`, () => !server?.running(), UNMOUNT_TIMEOUT_MS)
    const code = await ended
    const said = server?.output()
    server = undefined
    if (code !== 0) throw new Error(`${command.program} ended with ${code}:\n${said}`)
  }
  const unmount = async () => {
    if (!server) return
    if (findMount(dir)) await unmountLike(command)
    await finish()
  }
  const kill = async () => {
    server?.kill('SIGKILL')
    await server?.ended
    server = undefined
  }
  return {
    name,
    dir,
    workDir,
    mount: async () => {
      if (name !== 'cassfs' && name !== 'cassandra') await detachDead(dir)
      server = await startServer(command.program, command.flags)
      await waitUntilServed(server, command)
    },
    unmount,
    kill,
    pid: () => server?.pid,
    status: async () => undefined,
    close: async () => {
      await kill()
      await detachDead(dir)
      rmSync(workDir, { recursive: true, force: true })
    },
  }
}

async function unmountLike({ name, dir }: MountCommand): Promise<void> {
  if (name !== 'cassfs' && name !== 'cassandra') await run('umount', [dir])
  else await run(process.execPath, [projectPath('bin/cassfs.js'), 'umount', dir])
}

/**
 * A dead mount that was there before may still answer from the kernel's cache, and the new one may
 * get its number: where the server says when it has mounted, only that counts.
 */
async function waitUntilServed(server: Server, { dir, saysMounted }: MountCommand): Promise<void> {
  const served = async () => {
    if (!server.running()) throw new Error(`the mount ended at once:\n${server.output()}`)
    if (saysMounted && !saysMounted.test(server.output())) return false
    if (!findMount(dir)?.type.startsWith('fuse')) return false
    await stat(dir)
    return true
  }
  await waitFor(`${dir} to be mounted`, served, MOUNT_TIMEOUT_MS)
}

function createCassfs(
  name: TargetName,
  workDir: string,
  dir: string,
  options: string[],
  cassandra?: TestCassandra,
): Target {
  const flags = [...options, dir]
  const saysMounted = /\bmounted\b/
  const mount = createMount({ name, workDir, dir, program: process.execPath, flags, saysMounted })
  let others = 0
  return {
    ...mount,
    another: () => {
      const folder = join(workDir, `mnt${++others}`)
      mkdirSync(folder)
      return createCassfs(name, workDir, folder, options)
    },
    status: async () => {
      const command = [projectPath('bin/cassfs.js'), 'status', '--json', dir]
      return JSON.parse(await run(process.execPath, command))[0]
    },
    close: async () => {
      await mount.close()
      await cassandra?.close()
    },
  }
}
