// A watcher that outlives a killed mount: a shell of its own session reads a pipe from the mount; when
// the mount ends without a word (kill -9, a crash, out of memory) the pipe ends, and the shell detaches
// what it left. A clean end says so first. Costs one sleeping sh.

import { spawn } from 'node:child_process'
import { detachCommand, type MountEntry } from './mount-table.js'

export interface AutoUnmount {
  /** The mount has ended cleanly: the watcher goes without doing anything. */
  disarm(): void
}

// $1 = the mount's id in mountinfo, so that nobody else's mount is detached; the rest is the command.
const script = `
trap '' HUP INT TERM
IFS= read -r word && exit 0
id=$1; shift
while read -r found rest; do
  [ "$found" = "$id" ] && exec "$@" >/dev/null 2>&1
done < /proc/self/mountinfo`

/** Starts the watcher of a mount of this process. */
export function startAutoUnmount(mount: Pick<MountEntry, 'id' | 'mountpoint'>): AutoUnmount {
  const command = [...detachCommand(), mount.mountpoint]
  const child = spawn('/bin/sh', ['-c', script, 'cassfs-watch', String(mount.id), ...command], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  })
  child.unref()
  const pipe = child.stdin
  // The watcher was killed, or could not start: the mount works without it.
  child.on('error', () => undefined)
  pipe.on('error', () => undefined)
  if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
  return {
    disarm: () => {
      if (pipe.writable) pipe.end('clean\n')
    },
  }
}
