// A running mount's ear: a unix socket on which other processes of the same user (and root) ask for its
// status or tell it to unmount. One connection carries one question and one answer, each one line of
// JSON. The folder that it lies in has mode 0700: that guards it.

import { rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { MountStatus } from '../observe/status.js'
import { Errno, FsError } from '../posix/errno.js'
import type { Holder } from './holders.js'

export type ControlRequest =
  | { readonly request: 'status' }
  /** With `detach`, a busy mount is taken out of the tree and served until nobody holds it. */
  | { readonly request: 'unmount'; readonly detach: boolean }

export type UnmountAnswer =
  | { readonly outcome: 'unmounted' }
  | { readonly outcome: 'detached'; readonly holders: readonly Holder[] }
  | { readonly outcome: 'busy'; readonly holders: readonly Holder[] }

/** What answers. A throw is told to whoever asked. */
export interface ControlHandler {
  status(): MountStatus
  unmount(options: { detach: boolean }): Promise<UnmountAnswer>
}

export interface ControlSocket {
  /** No new questions; those being answered get a moment to be answered. */
  close(): Promise<void>
}

const questionBytesMax = 4096
/** sun_path of unix(7), less its NUL. */
const pathBytesMax = 107
const closingMsMax = 1000

/** Listens at `path`; what lay there before is removed. Throws FsError ENAMETOOLONG. */
export async function openControlSocket(
  path: string,
  handler: ControlHandler,
): Promise<ControlSocket> {
  if (Buffer.byteLength(path) > pathBytesMax) {
    const message = `${path} is too long for a socket; set XDG_RUNTIME_DIR to a shorter folder`
    throw new FsError(Errno.ENAMETOOLONG, message)
  }
  await rm(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    answer(socket, handler)
  })
  await listen(server, path)
  return {
    close: () =>
      new Promise((resolve) => {
        const late = setTimeout(() => {
          for (const socket of sockets) socket.destroy()
        }, closingMsMax)
        server.close(() => {
          clearTimeout(late)
          resolve()
        })
      }),
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.removeListener('error', reject)
      resolve()
    })
    server.unref()
  })
}

function answer(socket: Socket, handler: ControlHandler): void {
  let question = ''
  socket.setEncoding('utf8')
  socket.setTimeout(10_000, () => socket.destroy())
  // Whoever asked may go away: then there is nobody left to tell.
  socket.on('error', () => socket.destroy())
  socket.on('data', (text: string) => {
    question += text
    if (question.length > questionBytesMax) socket.destroy()
    const end = question.indexOf('\n')
    if (end < 0 || socket.destroyed) return
    socket.removeAllListeners('data').setTimeout(0)
    void respond(question.slice(0, end), handler).then((reply) => {
      socket.end(`${JSON.stringify(reply)}\n`)
    })
  })
}

type Reply = { ok: true; answer: unknown } | { ok: false; errno: number; message: string }

async function respond(line: string, handler: ControlHandler): Promise<Reply> {
  try {
    return { ok: true, answer: await dispatch(JSON.parse(line), handler) }
  } catch (error) {
    const errno = error instanceof FsError ? error.errno : Errno.EIO
    return { ok: false, errno, message: error instanceof Error ? error.message : String(error) }
  }
}

function dispatch(question: Partial<ControlRequest>, handler: ControlHandler): unknown {
  if (question.request === 'status') return handler.status()
  if (question.request === 'unmount') return handler.unmount({ detach: question.detach === true })
  throw new FsError(Errno.EINVAL, 'a mount of this version does not know that request')
}

/** The answer to each request. */
interface Answers {
  status: MountStatus
  unmount: UnmountAnswer
}

/**
 * Asks a running mount. Throws FsError: ENOENT or ECONNREFUSED when nobody listens, ETIMEDOUT, or what
 * the mount answered.
 */
export function askControlSocket<Request extends ControlRequest>(
  path: string,
  request: Request,
  timeoutMs: number,
): Promise<Answers[Request['request']]> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    let text = ''
    const timer = setTimeout(() => {
      fail(new FsError(Errno.ETIMEDOUT, `no answer within ${timeoutMs / 1000} s`))
    }, timeoutMs)
    socket.setEncoding('utf8')
    socket.on('data', (part: string) => {
      text += part
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      fail(new FsError(Math.abs(error.errno ?? Errno.EIO), `nobody answers at ${path}`))
    })
    socket.on('end', () => {
      clearTimeout(timer)
      socket.destroy()
      settle(text, resolve, reject)
    })
    socket.write(`${JSON.stringify(request)}\n`)

    function fail(error: FsError): void {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
  })
}

function settle<Value>(
  text: string,
  resolve: (value: Value) => void,
  reject: (error: FsError) => void,
): void {
  const reply = parseReply(text)
  if (!reply) reject(new FsError(Errno.EIO, 'the mount ended before it answered'))
  else if (reply.ok) resolve(reply.answer as Value)
  else reject(new FsError(reply.errno, reply.message))
}

function parseReply(text: string): Reply | undefined {
  try {
    return JSON.parse(text) as Reply
  } catch {
    return undefined
  }
}
