// mknod(2) and mkfifo(3): special files.

import { check, cString, declare } from './libc.js'

const libcMknod = declare<(path: Buffer, mode: number, device: number) => number>(
  'int mknod(void *, unsigned int, unsigned long)',
)
const libcMkfifo = declare<(path: Buffer, mode: number) => number>(
  'int mkfifo(void *, unsigned int)',
)

/** Makes a file of the type in `mode`; `device` as stat(2) shows it. Throws FsError. */
export function mknod(path: string | Uint8Array, mode: number, device: number): void {
  check(libcMknod(cString(path), mode, device), `mknod ${path}`)
}

/** Makes a named pipe with the permissions `mode` less the umask. Throws FsError. */
export function mkfifo(path: string | Uint8Array, mode: number): void {
  check(libcMkfifo(cString(path), mode), `mkfifo ${path}`)
}
