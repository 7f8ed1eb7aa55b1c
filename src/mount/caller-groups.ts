// Supplementary groups of a process. The kernel tells a FUSE server those of a creation alone
// (CREATE_SUPP_GROUP); all of them stand in /proc.

import { readFileSync } from 'node:fs'

/** Undefined: the process cannot be looked at, because it has ended, or belongs to another pid namespace. */
export function groupsOfProcess(pid: number): readonly number[] | undefined {
  if (pid === 0) return undefined
  let status: string
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1')
  } catch {
    return undefined
  }
  const groups = /^Groups:(.*)$/m.exec(status)?.[1]
  return groups?.split(/\s+/).filter(Boolean).map(Number)
}
