// What calls may be asked for, with the names that node:fs has for it.

import type { NameEncoding } from './arguments.js'

export type { NameEncoding, TimeArgument, VolumePath } from './arguments.js'

/** Letters (`r`, `w+`, ...) or numbers of `fs.constants`. */
export type OpenFlags = string | number

/** How names come back. */
export interface NameOptions<Encoding extends NameEncoding | null> {
  readonly encoding?: Encoding | undefined
}

/** Text of this encoding; null or absent: bytes. */
export interface TextOptions<Encoding extends BufferEncoding | null> {
  readonly encoding?: Encoding | undefined
  /** Ends the call between two pieces. */
  readonly signal?: AbortSignal | undefined
}

export interface ReadFileOptions<Encoding extends BufferEncoding | null>
  extends TextOptions<Encoding> {
  /** Default `r`. */
  readonly flag?: OpenFlags | undefined
}

export interface WriteFileOptions extends TextOptions<BufferEncoding | null> {
  /** Of a new file, before the umask; default 0o666. */
  readonly mode?: number | string | undefined
  /** Default `w`; of appendFile `a`. */
  readonly flag?: OpenFlags | undefined
  /** It is in the store when the call returns. */
  readonly flush?: boolean | undefined
}

/** A part of a buffer, and where it goes or comes from in the file. */
export interface WriteOptions {
  readonly offset?: number | null | undefined
  readonly length?: number | null | undefined
  readonly position?: number | null | undefined
}

export interface ReadOptions {
  readonly offset?: number | null | undefined
  readonly length?: number | null | undefined
  readonly position?: number | bigint | null | undefined
}

interface HandleStreamOptions {
  readonly encoding?: BufferEncoding | undefined
  readonly autoClose?: boolean | undefined
  readonly emitClose?: boolean | undefined
  /** First byte. */
  readonly start?: number | undefined
  /** Bytes read ahead, or written and not taken yet; 64 KiB, 16 KiB. */
  readonly highWaterMark?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface HandleReadStreamOptions extends HandleStreamOptions {
  /** Last byte, inclusive. */
  readonly end?: number | undefined
}

export interface HandleWriteStreamOptions extends HandleStreamOptions {
  /** It is in the store when the stream closes. */
  readonly flush?: boolean | undefined
}

interface StreamOpening {
  /** Default `r` to read, `w` to write. */
  readonly flags?: OpenFlags | undefined
  readonly mode?: number | string | undefined
}

export interface ReadStreamOptions extends HandleReadStreamOptions, StreamOpening {}

export interface WriteStreamOptions extends HandleWriteStreamOptions, StreamOpening {}

export interface MkdirOptions {
  /** Before the umask; default 0o777. */
  readonly mode?: number | string | undefined
  /** Parents too; what is there is no error. */
  readonly recursive?: boolean | undefined
}

export interface RmOptions {
  /** A path that does not exist is no error. */
  readonly force?: boolean | undefined
  /** Directories, with all that is in them. */
  readonly recursive?: boolean | undefined
}

export interface XattrOptions {
  /** Of what a link leads to (default), or of the link itself. */
  readonly follow?: boolean | undefined
}

export interface SetXattrOptions extends XattrOptions {
  /** EEXIST where it is there already. */
  readonly create?: boolean | undefined
  /** ENODATA where it is not there. */
  readonly replace?: boolean | undefined
}

export interface WatchOptions<Encoding extends NameEncoding | null> extends NameOptions<Encoding> {
  /** What is beneath directories too. */
  readonly recursive?: boolean | undefined
  /** Ends it: the iteration rejects with AbortError. */
  readonly signal?: AbortSignal | undefined
  /** Changes that may wait to be taken; more of them are dropped, which an `overflow` tells. Default 2048. */
  readonly maxQueue?: number | undefined
}
