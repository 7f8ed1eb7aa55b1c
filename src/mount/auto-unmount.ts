// A watcher that outlives a killed mount: a shell of its own session reads a pipe from the mount; when
// the mount ends without a word (kill -9, a crash, out of memory) the pipe ends, and the shell detaches
// what it left. A clean end says so first. Costs two sleeping sh.
//
// A killed server may not come to its end: a thread that tells the kernel of another mount's change can be
// waiting in there for a directory that is locked by a program, which waits for an answer of the server.
// Then its first thread is a zombie, and the pipe stays open. So a second shell looks every few seconds;
// where that lasts, it aborts the connection, which lets both go.

import { spawn } from 'node:child_process'
import { detachCommand } from './mount-table.js'

export interface AutoUnmount {
  /** The mount has ended cleanly: the watcher goes without doing anything. */
  disarm(): void
}

// $1 is the mountpoint, $2 the same as mountinfo writes it, $3 the server, the rest the command. statfs
// always asks the server, stat may be answered by the kernel's cache. Only a mount that is dead is detached:
// by now another may lie there, and the kernel gives the ids of mounts anew. The same goes for connections:
// the one is aborted that was the server's while it lived, as long as threads are left that keep it. The end
// is that of the whole session: a sleep would outlive the shell that waits for it.
const script = `
trap '' HUP INT TERM
mountpoint=$1 escaped=$2 server=$3
shift 3

is_stuck() {
  IFS= read -r stat 2>/dev/null <"/proc/$server/stat" || return 1
  case \${stat##*) } in Z*) ;; *) return 1 ;; esac
  set -- /proc/"$server"/task/*
  [ $# -gt 1 ]
}

find() {
  found=
  while read -r id parent device root point rest; do
    case "$point $rest" in "$escaped "*' - fuse.cassfs '*) found=\${device#*:} ;; esac
  done </proc/self/mountinfo
}

abort() {
  echo 1 >"/sys/fs/fuse/connections/$minor/abort" && return
  find
  [ "$found" != "$minor" ] || umount -f -l -i -- "$mountpoint"
}

look() {
  minor= times=0
  while sleep 3 && [ -e "/proc/$server" ]; do
    [ "$minor" ] || { find; minor=$found; }
    if is_stuck; then times=$((times + 1)); else times=0; fi
    [ $times -lt 2 ] || [ ! "$minor" ] || abort
  done
}

end() { kill -KILL 0; }

look >/dev/null 2>&1 &
IFS= read -r word && end
kill -KILL $!
said=$(LC_ALL=C timeout 10 stat -f -- "$mountpoint" 2>&1) && end
case $said in
  *'not connected'* | *'connection abort'*) "$@" >/dev/null 2>&1 ;;
esac
end`

/** Starts the watcher of a mount of this process. */
export function startAutoUnmount(mountpoint: string): AutoUnmount {
  const command = [...detachCommand(), mountpoint]
  const names = [mountpoint, asInMountinfo(mountpoint), String(process.pid)]
  const child = spawn('/bin/sh', ['-c', script, 'cassfs-watch', ...names, ...command], {
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

/** Blank, tab, newline and backslash are written as backslash and three octal digits. */
function asInMountinfo(path: string): string {
  return path.replace(
    /[ \t\n\\]/g,
    (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
}
