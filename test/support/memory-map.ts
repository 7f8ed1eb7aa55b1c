// mmap(2) of a file: shared and read only, what other processes write shows without a call; to be written
// as well, what is stored there is the file's, or this process' own.

import koffi from 'koffi'
import { lastErrno } from '../../src/native/libc.js'
import { Errno, FsError } from '../../src/posix/errno.js'

const library = koffi.load(null)
const mmap = library.func('void *mmap(void *, size_t, int, int, int, long)') as unknown as (
  address: null,
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
) => bigint
const munmap = library.func('int munmap(void *, size_t)') as unknown as (
  address: bigint,
  length: number,
) => number

const PROT_READ = 1
const PROT_WRITE = 2
const MAP_SHARED = 1
const MAP_PRIVATE = 2
const MAP_FAILED = 0xffff_ffff_ffff_ffffn

export interface MemoryMap {
  /** Not to be looked at once it is closed, nor beyond the end of a file that was cut: the process would end. */
  readonly bytes: ArrayBuffer
  close(): void
}

/** The first `length` bytes of an open file; the descriptor may be closed. Throws FsError. */
export function mapFile(
  fd: number,
  length: number,
  kind: 'read' | 'shared' | 'private' = 'read',
): MemoryMap {
  const protection = kind === 'read' ? PROT_READ : PROT_READ | PROT_WRITE
  const flags = kind === 'private' ? MAP_PRIVATE : MAP_SHARED
  const address = mmap(null, length, protection, flags, fd, 0)
  if (address === MAP_FAILED) throw new FsError(lastErrno() || Errno.EIO, 'mmap')
  return {
    bytes: koffi.view(address, length),
    close: () => void munmap(address, length),
  }
}
