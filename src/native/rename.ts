// renameat2(2): rename with a condition.

import { check, cString, declare } from './libc.js'

const libcRenameat2 = declare<
  (
    oldDirectory: number,
    oldPath: Buffer,
    newDirectory: number,
    newPath: Buffer,
    flags: number,
  ) => number
>('int renameat2(int, void *, int, void *, unsigned int)')

const AT_FDCWD = -100

/** Flags of renameat2(2). */
export const RenameFlag = { RENAME_NOREPLACE: 1, RENAME_EXCHANGE: 2, RENAME_WHITEOUT: 4 } as const

/** Renames as `flags` say. Throws FsError. */
export function renameat2(
  oldPath: string | Uint8Array,
  newPath: string | Uint8Array,
  flags: number,
): void {
  const result = libcRenameat2(AT_FDCWD, cString(oldPath), AT_FDCWD, cString(newPath), flags)
  check(result, `rename ${oldPath} to ${newPath}`)
}
