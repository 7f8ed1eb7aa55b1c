// The lines of -debug: one for each request that comes in, one for each reply that goes out.
//   rx 2a: LOOKUP n1 {"name":"file"} p123
//   tx 2a: OK 144 bytes          tx 2a: 2=ENOENT

import { errnoName } from '../posix/errno.js'
import type { Request } from './handler.js'
import { opcodeName } from './wire/opcodes.js'

/** Takes the lines, without a line end. */
export type Trace = (line: string) => void

export function traceRequest(request: Request, args: unknown): string {
  const body = args === undefined ? '' : ` ${JSON.stringify(args, readable)}`
  const name = opcodeName(request.opcode)
  return `rx ${request.unique}: ${name} n${request.nodeid}${body} p${request.pid}`
}

/** `refusal` is the errno of a reply that the kernel did not take, else 0. */
export function traceReply(
  request: Request,
  errno: number,
  length: number,
  refusal: number,
): string {
  const outcome = errno === 0 ? `OK ${length} bytes` : `${errno}=${errnoName(errno)}`
  const fate = refusal === 0 ? '' : `, not taken: ${errnoName(refusal)}`
  return `tx ${request.unique}: ${outcome}${fate}`
}

/** For JSON.stringify: data as its size, since Buffer's own toJSON lists every byte. */
function readable(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key]
  if (original instanceof Uint8Array) return `${original.length} bytes`
  return value === Number.POSITIVE_INFINITY ? 'Infinity' : value
}
