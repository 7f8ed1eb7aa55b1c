// Descriptors: flags of an open one, a pair of connected sockets, and passing one between processes
// (SCM_RIGHTS of unix(7)).

import { Errno, FsError } from '../posix/errno.js'
import { addressOf, check, declare } from './libc.js'

const libcFcntl = declare<(fd: number, command: number, argument: number) => number>(
  'int fcntl(int, int, long)',
)
const libcSocketpair = declare<
  (domain: number, type: number, protocol: number, pair: Uint8Array) => number
>('int socketpair(int, int, int, void *)')
const libcSendmsg = declare<(fd: number, message: Uint8Array, flags: number) => number>(
  'long sendmsg(int, void *, int)',
)
const libcRecvmsg = declare<(fd: number, message: Uint8Array, flags: number) => number>(
  'long recvmsg(int, void *, int)',
)

const F_GETFL = 3
const F_SETFL = 4
const O_NONBLOCK = 0o4000
const AF_UNIX = 1
const SOCK_STREAM = 1
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const MSG_CMSG_CLOEXEC = 0x40000000

/** Makes reads and writes of an open file answer EAGAIN instead of waiting. Throws FsError. */
export function setNonBlocking(fd: number): void {
  const flags = check(libcFcntl(fd, F_GETFL, 0), 'fcntl F_GETFL')
  check(libcFcntl(fd, F_SETFL, flags | O_NONBLOCK), 'fcntl F_SETFL')
}

/** Two connected stream sockets, closed on exec. The caller closes them. Throws FsError. */
export function socketPair(): [number, number] {
  const pair = new Int32Array(2)
  const bytes = new Uint8Array(pair.buffer)
  check(libcSocketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, bytes), 'socketpair')
  return [pair[0] as number, pair[1] as number]
}

/** struct cmsghdr {size_t len; int level; int type} and one int, in CMSG_SPACE(sizeof(int)). */
const CONTROL_SIZE = 24
const CONTROL_LENGTH = 20

/** struct msghdr over one byte of data and one control message; the parts must be kept alive. */
function messageOf(payload: Uint8Array, control: Uint8Array): Uint8Array {
  const iovec = new BigUint64Array([addressOf(payload), BigInt(payload.length)])
  const words = new BigUint64Array(7)
  const iovecBytes = new Uint8Array(iovec.buffer)
  words[2] = addressOf(iovecBytes)
  words[3] = 1n
  words[4] = addressOf(control)
  words[5] = BigInt(control.length)
  const message = new Uint8Array(words.buffer)
  keptAlive.set(message, [payload, iovecBytes, control])
  return message
}

const keptAlive = new WeakMap<Uint8Array, Uint8Array[]>()

/** Sends one byte and the descriptor `fd` over a unix socket. Throws FsError. */
export function sendDescriptor(socket: number, fd: number): void {
  const control = Buffer.alloc(CONTROL_SIZE)
  control.writeUInt32LE(CONTROL_LENGTH, 0)
  control.writeInt32LE(SOL_SOCKET, 8)
  control.writeInt32LE(SCM_RIGHTS, 12)
  control.writeInt32LE(fd, 16)
  const message = messageOf(Buffer.alloc(1), control)
  check(libcSendmsg(socket, message, MSG_NOSIGNAL), 'sendmsg')
}

/**
 * The descriptor that waits on a unix socket, closed on exec; the caller closes it. Does not wait:
 * throws FsError EAGAIN when nothing has come, EPIPE at the end, EPROTO for a message without one.
 */
export function receiveDescriptor(socket: number): number {
  const control = Buffer.alloc(CONTROL_SIZE)
  const message = messageOf(Buffer.alloc(1), control)
  const size = check(libcRecvmsg(socket, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC), 'recvmsg')
  const isRights =
    control.readUInt32LE(0) === CONTROL_LENGTH &&
    control.readInt32LE(8) === SOL_SOCKET &&
    control.readInt32LE(12) === SCM_RIGHTS
  if (isRights) return control.readInt32LE(16)
  throw new FsError(size === 0 ? Errno.EPIPE : Errno.EPROTO, 'no descriptor in the message')
}
