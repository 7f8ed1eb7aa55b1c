/**
 * A FUSE mount that nobody serves: as long as its process lives it is silent (a stat of it hangs), once
 * that is killed it is dead (ENOTCONN). The process can start the watcher of auto-unmount.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startAutoUnmount } from '../../src/mount/auto-unmount.js'
import { cassfsType } from '../../src/mount/mount-table.js'
import { declare } from '../../src/native/libc.js'
import { mount } from '../../src/native/mount.js'

export interface UnservedMount {
  readonly process: ChildProcess
  /** SIGKILL: the mount is dead from then on. */
  kill(): Promise<void>
}

/** Why there can be none here, or false. */
export function unservedMountMissing(): string | false {
  return process.getuid?.() === 0 ? false : 'needs root: mounts without a server'
}

/**
 * `watched`: with the watcher. `disarmed`: it is told of a clean end, which then is none. `stuck`: watched, and
 * its first thread has ended, while others keep the mount, as when one of them hangs in the kernel.
 */
export async function startUnservedMount(
  mountpoint: string,
  mode: 'plain' | 'watched' | 'disarmed' | 'stuck' = 'plain',
): Promise<UnservedMount> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), mountpoint, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  if (String(said) !== 'mounted\n') throw new Error(`it could not be mounted: ${said}`)
  return {
    process: child,
    kill: async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

function main(mountpoint: string, mode: string): void {
  const fd = openSync('/dev/fuse', 'r+')
  const options = `fd=${fd},rootmode=40000,user_id=0,group_id=0`
  mount('cassfs', mountpoint, cassfsType, 0, options)
  const watcher = mode === 'plain' ? undefined : startAutoUnmount(mountpoint)
  if (mode === 'disarmed') watcher?.disarm()
  setInterval(() => undefined, 1000)
  process.stdout.write('mounted\n')
  if (mode === 'stuck') setTimeout(endFirstThread, 100)
}

function endFirstThread(): void {
  const exitCall: Partial<Record<string, number>> = { x64: 60, arm64: 93 }
  const syscall = declare<(call: number, status: number) => number>('long syscall(long, long)')
  syscall(exitCall[process.arch] ?? 60, 0)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , mountpoint = '', mode = ''] = process.argv
  main(mountpoint, mode)
}
