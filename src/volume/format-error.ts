// What a codec throws about bytes that it cannot read. Relies on nothing.

/** The newest version of the records' format that this program reads and the only one it writes. */
export const formatVersion = 1

/**
 * Bytes that are not a record of this format: damaged, cut short, or written by a newer version.
 * Never to be taken for "absent"; whoever shows it to a program answers EIO.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError'
}

/** Throws unless a record's first byte is a version that this program reads. */
export function checkVersion(version: number, what: string): void {
  if (version === formatVersion) return
  if (version > formatVersion)
    throw new FormatError(
      `${what} has format version ${version}, written by a newer CassFS; this one reads ` +
        `version ${formatVersion}: update it`,
    )
  throw new FormatError(`${what} has format version ${version}, which never existed: damaged`)
}
