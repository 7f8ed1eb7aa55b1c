// Mounting and unmounting: by mount(2) as root, through fusermount3 as anybody else. What is
// mounted is an open /dev/fuse; who serves it is not decided here (serve.ts).

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { receiveDescriptor, setNonBlocking, socketPair } from '../native/descriptor.js'
import { MountFlag, mount, UmountFlag } from '../native/mount.js'
import { Errno, FsError } from '../posix/errno.js'
import type { UnmountOrder } from './unmount-worker.js'

const DEVICE = '/dev/fuse'
const HELPER = 'fusermount3'
/** How long fusermount3 may take. */
const HELPER_TIMEOUT_MS = 10_000

export interface MountOptions {
  /** An existing directory. */
  readonly mountpoint: string
  /** The first column of `mount` and `df`. */
  readonly fsname: string
  /** The part of the type behind `fuse.`. */
  readonly subtype: string
  readonly isReadOnly?: boolean
  /** Users other than the one who mounts may come in. */
  readonly allowOther?: boolean
  /** The kernel checks permissions by mode and owner. */
  readonly defaultPermissions?: boolean
  /** Root only: honour set-uid bits and device files, as on a local disk. */
  readonly allowSuid?: boolean
  readonly allowDev?: boolean
}

/** A mounted file system: the caller serves `fd`, which does not block, and closes it. */
export interface Mounted {
  readonly fd: number
  /** Absolute. */
  readonly mountpoint: string
}

/** Mounts; throws FsError with a message that says what is missing. */
export async function openMount(options: MountOptions): Promise<Mounted> {
  const mountpoint = resolve(options.mountpoint)
  const stats = statSync(mountpoint, { throwIfNoEntry: false })
  if (!stats) throw new FsError(Errno.ENOENT, `the mount point ${mountpoint} does not exist`)
  if (!stats.isDirectory()) {
    throw new FsError(Errno.ENOTDIR, `the mount point ${mountpoint} is no directory`)
  }
  const isRoot = process.geteuid?.() === 0
  const fd = isRoot
    ? mountAsRoot(mountpoint, stats.mode, options)
    : await mountByHelper(mountpoint, options)
  return { fd, mountpoint }
}

function mountAsRoot(mountpoint: string, mode: number, options: MountOptions): number {
  const fd = openDevice()
  const data = [
    `fd=${fd}`,
    `rootmode=${(mode & constants.S_IFMT).toString(8)}`,
    `user_id=${process.geteuid?.()}`,
    `group_id=${process.getegid?.()}`,
    ...sharedOptions(options),
  ]
  const flags =
    (options.isReadOnly ? MountFlag.MS_RDONLY : 0) |
    (options.allowSuid ? 0 : MountFlag.MS_NOSUID) |
    (options.allowDev ? 0 : MountFlag.MS_NODEV)
  try {
    mount(options.fsname, mountpoint, `fuse.${options.subtype}`, flags, data.join(','))
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return fd
}

function openDevice(): number {
  try {
    return openSync(DEVICE, constants.O_RDWR | constants.O_NONBLOCK)
  } catch (error) {
    const { errno = Errno.EIO } = error as NodeJS.ErrnoException
    const advice =
      -errno === Errno.ENOENT || -errno === Errno.ENODEV || -errno === Errno.ENXIO
        ? 'the kernel has no FUSE here: load it (modprobe fuse), or give the container the device'
        : 'this process may not open it'
    throw new FsError(Math.abs(errno), `cannot open ${DEVICE}: ${advice}`, { cause: error })
  }
}

/** Options that the kernel and fusermount3 both know. */
function sharedOptions(options: MountOptions): string[] {
  const names: string[] = []
  if (options.allowOther) names.push('allow_other')
  if (options.defaultPermissions) names.push('default_permissions')
  return names
}

/** fusermount3 mounts and sends the open device over the socket that _FUSE_COMMFD names. */
async function mountByHelper(mountpoint: string, options: MountOptions): Promise<number> {
  const names = [
    options.isReadOnly ? 'ro' : 'rw',
    'nosuid',
    'nodev',
    `fsname=${escapeOption(options.fsname)}`,
    `subtype=${escapeOption(options.subtype)}`,
    ...sharedOptions(options),
  ]
  const [ours, theirs] = socketPair()
  try {
    await runHelper(['-o', names.join(','), '--', mountpoint], theirs)
    const fd = receiveDescriptor(ours)
    setNonBlocking(fd)
    return fd
  } finally {
    closeSync(ours)
    closeSync(theirs)
  }
}

function escapeOption(value: string): string {
  return value.replace(/[\\,]/g, '\\$&')
}

/** Runs fusermount3, with `socket` as its descriptor 3; throws FsError with what it says. */
async function runHelper(args: readonly string[], socket?: number): Promise<void> {
  const child = spawn(HELPER, args, {
    stdio: ['ignore', 'ignore', 'pipe', socket ?? 'ignore'],
    env: { ...process.env, ...(socket === undefined ? {} : { _FUSE_COMMFD: '3' }) },
    timeout: HELPER_TIMEOUT_MS,
  })
  let complaint = ''
  child.stderr?.on('data', (text: Buffer) => {
    complaint += text.toString()
  })
  const code = await new Promise<number | null>((settle, reject) => {
    child.on('close', settle)
    child.on('error', (error: NodeJS.ErrnoException) => {
      const advice = `${HELPER} is needed to mount as a user who is not root: install fuse3`
      reject(error.code === 'ENOENT' ? new FsError(Errno.ENOENT, advice, { cause: error }) : error)
    })
  })
  if (code === 0) return
  const errno = /busy/.test(complaint) ? Errno.EBUSY : Errno.EPERM
  throw new FsError(errno, complaint.trim() || `${HELPER} failed`)
}

/**
 * Unmounts. Throws FsError EBUSY while it is in use, unless `isLazy`: then the name is gone at
 * once, and the file system when its last user is.
 */
export async function unmount(mountpoint: string, isLazy: boolean): Promise<void> {
  if (process.geteuid?.() === 0) await unmountAsRoot(mountpoint, isLazy ? UmountFlag.MNT_DETACH : 0)
  else await runHelper(['-u', ...(isLazy ? ['-z'] : []), '--', mountpoint])
}

async function unmountAsRoot(mountpoint: string, flags: number): Promise<void> {
  const order: UnmountOrder = { mountpoint, flags }
  const worker = new Worker(new URL('./unmount-worker.js', import.meta.url), { workerData: order })
  // Its end too: what asks to unmount is to leave no thread behind.
  const [[errno]] = (await Promise.all([once(worker, 'message'), once(worker, 'exit')])) as [
    [number],
    unknown,
  ]
  if (errno !== 0) throw new FsError(errno, `umount ${mountpoint}`)
}
