// Limits of a volume that programs meet as error numbers.

/** Longest file: EFBIG beyond. */
export const fileBytesMax = 2 ** 40

/** Longest target of a symbolic link (PATH_MAX without its NUL): ENAMETOOLONG beyond. */
export const targetBytesMax = 4095
