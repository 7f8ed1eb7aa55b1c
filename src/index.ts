// The library: a volume's files from Node, without a mount and without FUSE, shaped as node:fs/promises.
// docs/LIBRARY.md tells how it is used; src/library is what it is made of.

export { UnknownEnvironment } from './environments/open-environment.js'
export { VolumeError } from './library/errors.js'
export type { FileData } from './library/file-bytes.js'
export { VolumeFileHandle } from './library/file-handle.js'
export { VolumeDir, VolumeDirent } from './library/listing.js'
export { type Loss, UnsavedError } from './library/losses.js'
export { type LibraryLogger, type LibraryOptions, openVolume } from './library/open-volume.js'
export type * from './library/options.js'
export type { VolumeBigIntStats, VolumeStats } from './library/stats.js'
export type { Volume } from './library/volume.js'
export type { WatchEvent } from './library/watch.js'
export { FsError } from './posix/errno.js'
export type { StoreConfig } from './store/open-store.js'
export { StoreUnavailable, StoreUnusable } from './store/store.js'
