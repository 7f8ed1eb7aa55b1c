// Does somebody speak Cassandra's protocol at an address? Asks OPTIONS, which needs no login (native
// protocol v4, section 4.1.3), and wants SUPPORTED; no driver is loaded for it.

import { connect } from 'node:net'

export type ProbeAnswer =
  | { readonly kind: 'speaks CQL' }
  /** `code`: ECONNREFUSED, ENOTFOUND, ... or `timeout`, `no CQL`. */
  | { readonly kind: 'no'; readonly code: string }

// version 4, no flags, stream 0, opcode OPTIONS (5), empty body
const options = Buffer.from([0x04, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00])
const supported = 0x06

export function probeCql(host: string, port: number, timeoutMs = 3000): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    let heard = Buffer.alloc(0)
    const end = (answer: ProbeAnswer) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => end({ kind: 'no', code: 'timeout' }), timeoutMs)
    socket.once('connect', () => socket.write(options))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      end({ kind: 'no', code: error.code ?? error.message })
    })
    socket.on('data', (part: Buffer) => {
      heard = Buffer.concat([heard, part])
      if (heard.length < 9) return
      const isSupported = (heard[0] ?? 0) >= 0x80 && heard[4] === supported
      end(isSupported ? { kind: 'speaks CQL' } : { kind: 'no', code: 'no CQL' })
    })
    socket.on('close', () => end({ kind: 'no', code: 'no CQL' }))
  })
}
