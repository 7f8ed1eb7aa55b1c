// A watcher that outlives a killed mount: a shell of its own session reads a pipe from the mount; when
// the mount ends without a word (kill -9, a crash, out of memory) the pipe ends, and the shell detaches
// what it left. A clean end says so first. Costs one sleeping sh.

import { spawn } from 'node:child_process'
import { detachCommand } from './mount-table.js'

export interface AutoUnmount {
  /** The mount has ended cleanly: the watcher goes without doing anything. */
  disarm(): void
}

// $1 is the mountpoint, the rest the command. statfs always asks the server, stat may be answered by the
// kernel's cache. Only a mount that is dead is detached: by now another may
// lie there, and the kernel gives the ids of mounts anew.
const script = `
trap '' HUP INT TERM
IFS= read -r word && exit 0
said=$(LC_ALL=C timeout 10 stat -f -- "$1" 2>&1) && exit 0
shift
case $said in
  *'not connected'* | *'connection abort'*) exec "$@" >/dev/null 2>&1 ;;
esac`

/** Starts the watcher of a mount of this process. */
export function startAutoUnmount(mountpoint: string): AutoUnmount {
  const command = [...detachCommand(), mountpoint]
  const child = spawn('/bin/sh', ['-c', script, 'cassfs-watch', mountpoint, ...command], {
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
