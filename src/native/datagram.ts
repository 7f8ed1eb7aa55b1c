// Datagrams between the processes of one machine (AF_UNIX, SOCK_DGRAM of unix(7)): each arrives whole, or
// not at all. Nothing here waits.

import { closeSync } from 'node:fs'
import { Errno, FsError } from '../posix/errno.js'
import { check, cString, declare, lastErrno } from './libc.js'

const libcSocket = declare<(domain: number, type: number, protocol: number) => number>(
  'int socket(int, int, int)',
)
const libcBind = declare<(fd: number, address: Uint8Array, size: number) => number>(
  'int bind(int, void *, unsigned int)',
)
const libcSendto = declare<
  (
    fd: number,
    bytes: Uint8Array,
    size: number,
    flags: number,
    to: Uint8Array,
    toSize: number,
  ) => number
>('long sendto(int, void *, size_t, int, void *, unsigned int)')
const libcRecv = declare<(fd: number, buffer: Uint8Array, size: number, flags: number) => number>(
  'long recv(int, void *, size_t, int)',
)

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const ECONNREFUSED = 111
/** struct sockaddr_un {u16 family; char path[108]}, the path with a NUL at its end. */
const pathMax = 107

/** What became of a datagram. */
export type Delivery =
  | 'sent'
  /** As many wait there as may. */
  | 'full'
  /** There is no such name, or nobody has its socket open any more. */
  | 'gone'

/**
 * A socket bound to `path`, which is made and must not be there; for `watchReadable`, closed on exec. The
 * caller closes it, and removes the name. Throws FsError: ENAMETOOLONG for more than 107 bytes.
 */
export function openDatagramSocket(path: string): number {
  const address = addressOf(path)
  const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC
  const fd = check(libcSocket(AF_UNIX, type, 0), 'socket')
  try {
    check(libcBind(fd, address, address.length), `bind ${path}`)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Throws FsError for whatever is none of its answers. */
export function sendDatagram(socket: number, path: string, bytes: Uint8Array): Delivery {
  const to = addressOf(path)
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL
  if (libcSendto(socket, bytes, bytes.length, flags, to, to.length) !== -1) return 'sent'
  const errno = lastErrno()
  if (errno === Errno.EAGAIN) return 'full'
  if (errno === ECONNREFUSED || errno === Errno.ENOENT) return 'gone'
  throw new FsError((errno || Errno.EIO) as Errno, `sendto ${path}`)
}

/** The next one, cut to `buffer`: its length; undefined where none has come. Throws FsError. */
export function receiveDatagram(socket: number, buffer: Uint8Array): number | undefined {
  const size = libcRecv(socket, buffer, buffer.length, MSG_DONTWAIT)
  if (size !== -1) return size
  const errno = lastErrno()
  if (errno === Errno.EAGAIN) return undefined
  throw new FsError((errno || Errno.EIO) as Errno, 'recv')
}

function addressOf(path: string): Buffer {
  const name = cString(path)
  if (name.length > pathMax + 1) throw new FsError(Errno.ENAMETOOLONG, path)
  const family = Buffer.alloc(2)
  family.writeUInt16LE(AF_UNIX)
  return Buffer.concat([family, name])
}
