// mount(2), umount2(2).

import { check, cString, declare } from './libc.js'

const libcMount = declare<
  (source: Buffer, target: Buffer, type: Buffer, flags: number, data: Buffer) => number
>('int mount(void *, void *, void *, unsigned long, void *)')
const libcUmount2 = declare<(target: Buffer, flags: number) => number>('int umount2(void *, int)')

/** Flags of mount(2), from linux/mount.h. */
export const MountFlag = {
  MS_RDONLY: 1,
  MS_NOSUID: 2,
  MS_NODEV: 4,
  MS_NOEXEC: 8,
  MS_NOATIME: 1024,
} as const

/** Flags of umount2(2). */
export const UmountFlag = { MNT_FORCE: 1, MNT_DETACH: 2 } as const

/** Mounts; throws FsError. `data` is the file system's own comma-separated options. */
export function mount(
  source: string,
  target: string | Uint8Array,
  type: string,
  flags: number,
  data: string,
): void {
  const result = libcMount(cString(source), cString(target), cString(type), flags, cString(data))
  check(result, `mount ${type} on ${target}`)
}

/** Unmounts; throws FsError (EBUSY, EINVAL where nothing is mounted, ...). */
export function umount2(target: string | Uint8Array, flags: number): void {
  check(libcUmount2(cString(target), flags), `umount ${target}`)
}
