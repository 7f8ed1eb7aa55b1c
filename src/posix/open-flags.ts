// Flags of open(2) as Linux numbers them on every architecture that Node runs on but for the few
// below, which are asm-generic's (x86, arm64 differs in O_DIRECTORY and O_NOFOLLOW only: the kernel
// deals with those before a file system sees them).

export const O_ACCMODE = 0o3
export const O_RDONLY = 0o0
export const O_WRONLY = 0o1
export const O_RDWR = 0o2
export const O_CREAT = 0o100
export const O_EXCL = 0o200
export const O_TRUNC = 0o1000
export const O_APPEND = 0o2000
export const O_DSYNC = 0o10000
/** O_SYNC includes O_DSYNC. */
export const O_SYNC = 0o4010000

export function opensForReading(flags: number): boolean {
  return (flags & O_ACCMODE) !== O_WRONLY
}

export function opensForWriting(flags: number): boolean {
  return (flags & O_ACCMODE) !== O_RDONLY
}
