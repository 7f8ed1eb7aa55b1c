// The table of operations: for every opcode of the protocol, what is done about it. A row that is
// served names the handler's method, the decoder of the request and the encoder of the reply.

import type { Handler, Request } from './handler.js'
import { Opcode, type OpcodeName } from './wire/opcodes.js'
import * as replies from './wire/replies.js'
import type { ReplyFrame } from './wire/reply-frame.js'
import type { RequestFrame } from './wire/request-frame.js'
import * as requests from './wire/requests.js'

type Method = Exclude<keyof Handler, 'init' | 'destroy' | 'forget' | 'batchForget'>

type Arguments<M extends Method> =
  Parameters<NonNullable<Handler[M]>> extends [Request, infer A, ...unknown[]] ? A : unknown

type Reply<M extends Method> = Exclude<Awaited<ReturnType<NonNullable<Handler[M]>>>, number>

/** Answered by the handler's method, or with ENOSYS where it has none. */
export interface ServedOperation {
  readonly kind: 'served'
  readonly name: OpcodeName
  readonly opcode: number
  readonly method: Method
  decode(frame: RequestFrame): unknown
  encode(frame: ReplyFrame, reply: unknown, args: unknown): void
  /** The method is also given a list to fill: of names, or of names with attributes. */
  readonly list: 'names' | 'entries' | undefined
  /** The arguments point into the request's buffer, which must be kept until the answer. */
  readonly keepsFrame: boolean
}

/** INIT, DESTROY, INTERRUPT, and the two FORGETs, which get no reply: the connection's own. */
export interface OwnOperation {
  readonly kind: 'own'
  readonly name: OpcodeName
  readonly opcode: number
}

/** Answered with ENOSYS, which tells the kernel not to ask again; or not at all. */
export interface RefusedOperation {
  readonly kind: 'refused'
  readonly name: OpcodeName
  readonly opcode: number
  readonly hasReply: boolean
}

export type Operation = ServedOperation | OwnOperation | RefusedOperation

function serve<M extends Method, A extends Arguments<M>>(
  name: OpcodeName,
  method: M,
  decode: (frame: RequestFrame) => A,
  encode: (frame: ReplyFrame, reply: Reply<M>, args: A) => void,
  more: Partial<Pick<ServedOperation, 'list' | 'keepsFrame'>> = {},
): ServedOperation {
  return {
    kind: 'served',
    name,
    opcode: Opcode[name],
    method,
    decode,
    // What the method answers and what the encoder takes are of one type: checked here, once.
    encode: encode as ServedOperation['encode'],
    list: more.list,
    keepsFrame: more.keepsFrame ?? false,
  }
}

function own(name: OpcodeName): OwnOperation {
  return { kind: 'own', name, opcode: Opcode[name] }
}

function refuse(name: OpcodeName, hasReply = true): RefusedOperation {
  return { kind: 'refused', name, opcode: Opcode[name], hasReply }
}

const {
  encodeAttr,
  encodeCreate,
  encodeEntry,
  encodeNothing,
  encodeOpen,
  encodeSize,
  encodeSize64,
} = replies
const { decodeCopyFileRange, decodeFsync, decodeLock, decodeName, decodeNothing, decodeOpen } =
  requests
const { decodeReaddir, decodeRelease } = requests

export const operations: readonly Operation[] = [
  own('INIT'),
  own('DESTROY'),
  own('INTERRUPT'),
  own('FORGET'),
  own('BATCH_FORGET'),

  serve('LOOKUP', 'lookup', decodeName, encodeEntry),
  serve('GETATTR', 'getattr', requests.decodeGetattr, encodeAttr),
  serve('STATX', 'statx', requests.decodeStatx, replies.encodeStatx),
  serve('SETATTR', 'setattr', requests.decodeSetattr, encodeAttr),
  serve('ACCESS', 'access', requests.decodeAccess, encodeNothing),
  serve('READLINK', 'readlink', decodeNothing, replies.encodeReadlink),

  serve('SYMLINK', 'symlink', requests.decodeSymlink, encodeEntry),
  serve('MKNOD', 'mknod', requests.decodeMknod, encodeEntry),
  serve('MKDIR', 'mkdir', requests.decodeMkdir, encodeEntry),
  serve('UNLINK', 'unlink', decodeName, encodeNothing),
  serve('RMDIR', 'rmdir', decodeName, encodeNothing),
  serve('RENAME', 'rename', requests.decodeRename, encodeNothing),
  serve('RENAME2', 'rename', requests.decodeRename2, encodeNothing),
  serve('LINK', 'link', requests.decodeLink, encodeEntry),
  serve('CREATE', 'create', requests.decodeCreate, encodeCreate),
  serve('TMPFILE', 'tmpfile', requests.decodeTmpfile, encodeCreate),

  serve('OPEN', 'open', decodeOpen, encodeOpen),
  serve('READ', 'read', requests.decodeRead, replies.encodeRead),
  serve('WRITE', 'write', requests.decodeWrite, encodeSize, { keepsFrame: true }),
  serve('FLUSH', 'flush', requests.decodeFlush, encodeNothing),
  serve('RELEASE', 'release', decodeRelease, encodeNothing),
  serve('FSYNC', 'fsync', decodeFsync, encodeNothing),
  serve('FALLOCATE', 'fallocate', requests.decodeFallocate, encodeNothing),
  serve('LSEEK', 'lseek', requests.decodeLseek, replies.encodeOffset),
  serve('COPY_FILE_RANGE', 'copyFileRange', decodeCopyFileRange, encodeSize),
  serve('COPY_FILE_RANGE_64', 'copyFileRange', decodeCopyFileRange, encodeSize64),

  serve('OPENDIR', 'opendir', decodeOpen, encodeOpen),
  serve('READDIR', 'readdir', decodeReaddir, encodeNothing, { list: 'names' }),
  serve('READDIRPLUS', 'readdirplus', decodeReaddir, encodeNothing, { list: 'entries' }),
  serve('RELEASEDIR', 'releasedir', decodeRelease, encodeNothing),
  serve('FSYNCDIR', 'fsyncdir', decodeFsync, encodeNothing),

  serve('GETXATTR', 'getxattr', requests.decodeGetxattr, replies.encodeXattr),
  serve('LISTXATTR', 'listxattr', requests.decodeListxattr, replies.encodeXattrNames),
  serve('SETXATTR', 'setxattr', requests.decodeSetxattr, encodeNothing),
  serve('REMOVEXATTR', 'removexattr', decodeName, encodeNothing),

  serve('GETLK', 'getlk', decodeLock, replies.encodeLock),
  serve('SETLK', 'setlk', decodeLock, encodeNothing),
  serve('SETLKW', 'setlkw', decodeLock, encodeNothing),

  serve('STATFS', 'statfs', decodeNothing, replies.encodeStatfs),
  serve('SYNCFS', 'syncfs', decodeNothing, encodeNothing),

  refuse('BMAP'),
  refuse('IOCTL'),
  refuse('POLL'),
  // Answers to NOTIFY_RETRIEVE, which is never sent.
  refuse('NOTIFY_REPLY', false),
  // DAX windows and character devices: not for a mount of files.
  refuse('SETUPMAPPING'),
  refuse('REMOVEMAPPING'),
  refuse('CUSE_INIT'),
]

/** The operation of an opcode; undefined for one that is not of this protocol. */
export const operationByOpcode: ReadonlyMap<number, Operation> = new Map(
  operations.map((operation) => [operation.opcode, operation]),
)
