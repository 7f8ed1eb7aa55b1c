// The caller of a vfs operation, made from the request that the kernel sent.

import type { FileLock as KernelLock, LockArguments, Request, U64 } from '../fuse/handler.js'
import type { Caller, FileLock } from '../vfs/vfs.js'
import type { Uuid } from '../volume/record.js'
import { groupsOfProcess } from './caller-groups.js'

const redeliveredBit = 0x8000_0000

/** `mount` tells this mount's requests from others' in the volume's log. */
export function callerOf(request: Request, mount: Uuid, umask: number): Caller {
  const uniqueHi = (request.uniqueHi & ~redeliveredBit) >>> 0
  return {
    uid: request.uid,
    gid: request.gid,
    groups: request.groups,
    findGroups: () => groupsOfProcess(request.pid),
    umask,
    pid: request.pid,
    signal: () => request.signal,
    answers: { mount, unique: uniqueHi * 2 ** 32 + request.uniqueLo },
  }
}

/** Lock owners are only compared. */
export function ownerText(owner: U64): string {
  return `${owner.hi.toString(16)}.${owner.lo.toString(16)}`
}

export function vfsLock(args: LockArguments): FileLock {
  const { start, end, type, pid } = args.lock
  return { owner: ownerText(args.owner), flock: args.flock, start, end, type, pid }
}

export function kernelLock(lock: FileLock): KernelLock {
  return { start: lock.start, end: lock.end, type: lock.type, pid: lock.pid }
}
