// The attributes of a file as JSON for programs.

import type { VolumeStats } from '../../index.js'

/** Mode in octal as chmod takes it, with the type beside it; times in ISO 8601. */
export function factsOf(stats: VolumeStats): Record<string, unknown> {
  const { ino, mode, nlink, uid, gid, rdev, size } = stats
  return {
    type: typeOf(stats),
    mode: (mode & 0o7777).toString(8).padStart(4, '0'),
    size,
    uid,
    gid,
    nlink,
    ino,
    rdev,
    mtime: new Date(stats.mtimeMs).toISOString(),
    ctime: new Date(stats.ctimeMs).toISOString(),
    btime: new Date(stats.birthtimeMs).toISOString(),
  }
}

function typeOf(stats: VolumeStats): string {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  return stats.isSymbolicLink() ? 'link' : 'special'
}
