// The calls of an open volume, shaped as those of node:fs/promises: same arguments, same answers, same `code`
// of errors. What is different is said here.

import type { BigIntStatsFs, ReadStream, StatsFs, WriteStream } from 'node:fs'
import type { FileData } from './file-bytes.js'
import type { VolumeFileHandle } from './file-handle.js'
import type { VolumeDir, VolumeDirent } from './listing.js'
import type {
  MkdirOptions,
  NameEncoding,
  NameOptions,
  OpenFlags,
  ReadFileOptions,
  ReadStreamOptions,
  RmOptions,
  SetXattrOptions,
  TimeArgument,
  VolumePath,
  WatchOptions,
  WriteFileOptions,
  WriteStreamOptions,
  XattrOptions,
} from './options.js'
import type { VolumeBigIntStats, VolumeStats } from './stats.js'
import type { WatchEvent } from './watch.js'

type AsText = NameOptions<BufferEncoding | null> | BufferEncoding | null
type AsBytes = NameOptions<'buffer'> | 'buffer'
type Listing = { readonly recursive?: boolean | undefined }
type Plain = { readonly withFileTypes?: false | undefined }
type Typed = { readonly withFileTypes: true }
type WithEncoding<Encoding extends NameEncoding | null> = NameOptions<Encoding>

/**
 * An open volume. Paths begin at its root. Errors are VolumeError (also FsError) with `code`, `errno`, `syscall`,
 * `path` and `dest` as Node has them; wrong arguments, and options that are not supported, are TypeError.
 */
export interface Volume {
  /** `mode`: F_OK (default), or R_OK, W_OK, X_OK of fs.constants. ENOENT, EACCES, EROFS. */
  access(path: VolumePath, mode?: number): Promise<void>
  /** Of what a link leads to. Unsaved bytes of this volume count. */
  stat(path: VolumePath, options?: { readonly bigint?: false }): Promise<VolumeStats>
  stat(path: VolumePath, options: { readonly bigint: true }): Promise<VolumeBigIntStats>
  /** Of a link itself. */
  lstat(path: VolumePath, options?: { readonly bigint?: false }): Promise<VolumeStats>
  lstat(path: VolumePath, options: { readonly bigint: true }): Promise<VolumeBigIntStats>
  /** The volume's quota, or the disk under the store. */
  statfs(path: VolumePath, options?: { readonly bigint?: false }): Promise<StatsFs>
  statfs(path: VolumePath, options: { readonly bigint: true }): Promise<BigIntStatsFs>
  chmod(path: VolumePath, mode: number | string): Promise<void>
  /** -1 leaves what is there. */
  chown(path: VolumePath, uid: number, gid: number): Promise<void>
  lchown(path: VolumePath, uid: number, gid: number): Promise<void>
  utimes(path: VolumePath, atime: TimeArgument, mtime: TimeArgument): Promise<void>
  lutimes(path: VolumePath, atime: TimeArgument, mtime: TimeArgument): Promise<void>
  readlink(path: VolumePath, options?: AsText): Promise<string>
  readlink(path: VolumePath, options: AsBytes): Promise<Buffer>
  /** The path without links, `.` and `..`. */
  realpath(path: VolumePath, options?: AsText): Promise<string>
  realpath(path: VolumePath, options: AsBytes): Promise<Buffer>

  /** A number in place of the options is the mode. */
  mkdir(path: VolumePath, options: MkdirOptions & { recursive: true }): Promise<string | undefined>
  mkdir(
    path: VolumePath,
    options?: (MkdirOptions & { recursive?: false | undefined }) | number | string | null,
  ): Promise<void>
  /** Makes a directory of mode 0700 named `prefix` and six letters or digits; answers its path. */
  mkdtemp(prefix: VolumePath, options?: AsText): Promise<string>
  mkdtemp(prefix: VolumePath, options: AsBytes): Promise<Buffer>
  link(existing: VolumePath, path: VolumePath): Promise<void>
  /** `type` means something on other systems only. */
  symlink(
    target: VolumePath,
    path: VolumePath,
    type?: 'file' | 'dir' | 'junction' | null,
  ): Promise<void>
  rename(from: VolumePath, to: VolumePath): Promise<void>
  unlink(path: VolumePath): Promise<void>
  /** Of an empty directory; it takes no options. */
  rmdir(path: VolumePath): Promise<void>
  /** A directory without `recursive` is ERR_FS_EISDIR. */
  rm(path: VolumePath, options?: RmOptions): Promise<void>

  /**
   * Names in the order of their bytes, without `.` and `..`; with `recursive` directory by directory, as paths
   * below this one.
   */
  readdir(
    path: VolumePath,
    options?: (WithEncoding<BufferEncoding | null> & Listing & Plain) | BufferEncoding | null,
  ): Promise<string[]>
  readdir(
    path: VolumePath,
    options: (WithEncoding<'buffer'> & Listing & Plain) | 'buffer',
  ): Promise<Buffer[]>
  readdir(
    path: VolumePath,
    options: WithEncoding<BufferEncoding | null> & Listing & Typed,
  ): Promise<VolumeDirent[]>
  readdir(
    path: VolumePath,
    options: WithEncoding<'buffer'> & Listing & Typed,
  ): Promise<VolumeDirent<Buffer>[]>
  opendir(
    path: VolumePath,
    options?: WithEncoding<BufferEncoding | null> & Listing,
  ): Promise<VolumeDir>
  opendir(path: VolumePath, options: WithEncoding<'buffer'> & Listing): Promise<VolumeDir<Buffer>>

  /** `flags` default `r`; `mode` of a new file, before the umask, 0o666. Close what you open. */
  open(
    path: VolumePath,
    flags?: OpenFlags | null,
    mode?: number | string | null,
  ): Promise<VolumeFileHandle>
  readFile(
    file: VolumePath | VolumeFileHandle,
    options?: ReadFileOptions<null> | null,
  ): Promise<Buffer>
  readFile(
    file: VolumePath | VolumeFileHandle,
    options: (ReadFileOptions<BufferEncoding> & { encoding: BufferEncoding }) | BufferEncoding,
  ): Promise<string>
  /** It is saved when this returns, as behind a close on a mount; with `flush` it is in the store. */
  writeFile(
    file: VolumePath | VolumeFileHandle,
    data: FileData,
    options?: WriteFileOptions | BufferEncoding | null,
  ): Promise<void>
  appendFile(
    file: VolumePath | VolumeFileHandle,
    data: FileData,
    options?: WriteFileOptions | BufferEncoding | null,
  ): Promise<void>
  /** `mode`: COPYFILE_EXCL, COPYFILE_FICLONE; FICLONE_FORCE is ENOTSUP. */
  copyFile(from: VolumePath, to: VolumePath, mode?: number): Promise<void>
  truncate(path: VolumePath, length?: number | null): Promise<void>
  /** Node's own stream; what goes wrong comes as its error. */
  createReadStream(path: VolumePath, options?: ReadStreamOptions | BufferEncoding): ReadStream
  createWriteStream(path: VolumePath, options?: WriteStreamOptions | BufferEncoding): WriteStream

  /** ENODATA where there is none. Names as `user.mime_type`; namespaces user, trusted, security. */
  getxattr(path: VolumePath, name: VolumePath, options?: XattrOptions): Promise<Buffer>
  listxattr(
    path: VolumePath,
    options?: (WithEncoding<BufferEncoding | null> & XattrOptions) | BufferEncoding | null,
  ): Promise<string[]>
  listxattr(
    path: VolumePath,
    options: (WithEncoding<'buffer'> & XattrOptions) | 'buffer',
  ): Promise<Buffer[]>
  /** Up to 64 KiB, else E2BIG. */
  setxattr(
    path: VolumePath,
    name: VolumePath,
    value: string | NodeJS.ArrayBufferView,
    options?: SetXattrOptions,
  ): Promise<void>
  removexattr(path: VolumePath, name: VolumePath, options?: XattrOptions): Promise<void>

  /**
   * What changes at a path, and in it if it is a directory: changes of other mounts and of this volume, once they are
   * in the volume's log, from this call on. Changes that come together are told as one, in no order; a path that
   * stands for something else later is still what is watched. ENOENT, ENOTDIR, EACCES come with the first event.
   */
  watch(
    path: VolumePath,
    options?: WatchOptions<BufferEncoding | null> | BufferEncoding,
  ): AsyncIterableIterator<WatchEvent>
  watch(
    path: VolumePath,
    options: WatchOptions<'buffer'> | 'buffer',
  ): AsyncIterableIterator<WatchEvent<Buffer>>

  /** Saves everything written, and returns when all changes of this volume are in the store; else EIO. */
  sync(): Promise<void>
  /**
   * Saves what is unsaved, commits what was answered, and lets go of everything; takes 15 s at most for each where
   * the store does not answer. Rejects with UnsavedError where something could not be stored; it is closed all
   * the same. A second call is the first one's.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
