/** Mounts of a sandbox for tests: in the foreground, as processes that can be signalled and asked. */
import type { ChildProcess } from 'node:child_process'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { mountAt, readMountTable } from '../../src/mount/mount-table.js'
import type { Sandbox } from './cassfs.js'

/** A mount in the foreground. */
export interface ForegroundMount {
  readonly pid: number
  readonly process: ChildProcess
  /** What it has written to standard error so far. */
  log(): string
  signal(name: NodeJS.Signals): void
  /** Its exit status, once it has ended. */
  readonly ended: Promise<number | null>
}

/** Starts `cassfs <args>` and waits until it says that it is mounted; throws with its log if it ends. */
export async function startMount(
  sandbox: Sandbox,
  args: readonly string[],
): Promise<ForegroundMount> {
  const child = sandbox.start(args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  const mounted = new Promise<void>((resolve) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (/ mounted mountpoint=/.test(log)) resolve()
    })
  })
  const ended = once(child, 'exit').then(([status]) => status as number | null)
  const first = await Promise.race([mounted, ended.then(() => 'ended')])
  if (first === 'ended') throw new Error(`the mount ended at once:\n${log}`)
  return {
    pid: child.pid ?? 0,
    process: child,
    log: () => log,
    signal: (name) => void child.kill(name),
    ended,
  }
}

/** An empty folder of the sandbox. */
export function makeFolder(sandbox: Sandbox, name: string): string {
  const folder = join(sandbox.folder, name)
  mkdirSync(folder)
  return folder
}

export async function isMounted(folder: string): Promise<boolean> {
  return mountAt(await readMountTable(), folder) !== undefined
}

/** Ends and takes away what a test left; the watcher of a killed mount may be quicker. */
export async function cleanUp(mounts: Iterable<ForegroundMount>, folder: string): Promise<void> {
  for (const mount of mounts) {
    if (mount.process.exitCode === null && mount.process.signalCode === null) {
      mount.signal('SIGKILL')
      await mount.ended
    }
  }
  for (let count = 0; count < 10; count += 1) {
    const left = (await readMountTable()).filter((each) => each.mountpoint.startsWith(`${folder}/`))
    if (left.length === 0) return
    for (const each of left) spawnSync('umount', ['-l', each.mountpoint])
  }
}
