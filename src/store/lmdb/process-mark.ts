// Marks of processes in rows: whether the one that wrote a row still lives. A process that is stopped
// for longer than its lease lives on, and must find the blocks that it holds open when it wakes up.

import { readFileSync, readlinkSync } from 'node:fs'
import { bootId } from '../../tables/boot-id.js'

export interface ProcessMark {
  readonly pid: number
  /** Start time, field 22 of /proc/<pid>/stat: tells a process from a later one with its number. */
  readonly start: string
  /** Boot id, and the namespace in which `pid` means something. */
  readonly boot: string
  readonly namespace: string
}

/** The mark of this process. */
export function ownMark(): ProcessMark {
  const pid = process.pid
  return { pid, start: startOf(pid) ?? '', boot: bootId(), namespace: pidNamespace() }
}

/** Whether the process surely lives; false where it is gone, or cannot be seen from here. */
export function isAlive(mark: ProcessMark): boolean {
  if (mark.boot !== bootId() || mark.namespace !== pidNamespace()) return false
  return mark.start !== '' && startOf(mark.pid) === mark.start
}

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the program's name in parentheses, which may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

function pidNamespace(): string {
  return readlinkSync('/proc/self/ns/pid')
}
