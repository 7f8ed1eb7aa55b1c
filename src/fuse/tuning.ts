// What can be read and set about a mounted FUSE file system from outside of its connection: its
// device number, how far the kernel reads ahead, how to end it when nothing answers any more.

import { readFileSync, writeFileSync } from 'node:fs'

/** The device number of a mounted file system, st_dev of every file in it. */
export interface DeviceNumber {
  readonly major: number
  readonly minor: number
}

/** The device number of what is mounted at an absolute path; undefined where nothing is. */
export function deviceNumberOf(mountpoint: string): DeviceNumber | undefined {
  // mountinfo, and not stat(2), which would ask the file system, and so perhaps this very process.
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').reverse()
  for (const line of lines) {
    const [, , device, , path] = line.split(' ')
    if (path === undefined || device === undefined || unescapeOctal(path) !== mountpoint) continue
    const [major, minor] = device.split(':').map(Number)
    if (major !== undefined && minor !== undefined) return { major, minor }
  }
  return undefined
}

/** Blanks and the like are written as backslash and three octal digits (proc_pid_mountinfo(5)). */
function unescapeOctal(path: string): string {
  const bytes = Buffer.from(path).toString('latin1')
  const plain = bytes.replace(/\\([0-7]{3})/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
  return Buffer.from(plain, 'latin1').toString()
}

/** What root may tune once the file system is mounted; see the folder's README for what it gains. */
export interface Tuning {
  /** How far the kernel reads ahead, in KiB: READ requests become as large, to max_write. */
  readonly readAheadKb?: number
  /** Most requests that the kernel makes ahead of need. */
  readonly maxBackground?: number
}

/** Tunes a mounted file system. Throws where this process may not: it works as well without. */
export function tune({ major, minor }: DeviceNumber, tuning: Tuning): void {
  if (tuning.readAheadKb !== undefined) {
    writeFileSync(`/sys/class/bdi/${major}:${minor}/read_ahead_kb`, String(tuning.readAheadKb))
  }
  if (tuning.maxBackground !== undefined) {
    const file = `/sys/fs/fuse/connections/${minor}/max_background`
    writeFileSync(file, String(tuning.maxBackground))
  }
}

/**
 * Ends a connection at once: whoever waits for an answer gets ECONNABORTED, in the kernel and
 * outside. For a mount that no longer answers. Throws where this process may not.
 */
export function abortConnection({ minor }: DeviceNumber): void {
  writeFileSync(`/sys/fs/fuse/connections/${minor}/abort`, '1')
}
