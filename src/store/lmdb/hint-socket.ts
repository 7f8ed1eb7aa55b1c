// Hints between the processes that have one embedded store open: a datagram that says how far the log of a
// volume is. Each process has a socket in the folder `hints` of the store and sends to all others there. A
// hint may be lost, repeated, or be anybody's: whoever gets one only looks at the log.
//
// A path to a socket has 107 bytes at most, the store's may be longer: the folder is open, and named by
// its descriptor.

import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openDatagramSocket, receiveDatagram, sendDatagram } from '../../native/datagram.js'
import { type Watch, watchReadable } from '../../native/poll.js'
import { idBytes } from '../../tables/lmdb-keys.js'
import type { Uuid } from '../../volume/record.js'
import type { HintListener, Hints } from '../store.js'

/** A datagram: u8 format, uuid of the volume, u64be seq. Others are passed over. */
const format = 1
const hintBytes = 25
const ending = '.sock'
/** Read in one turn of the event loop; the rest in the next. */
const turnMax = 64

export class HintSocket {
  readonly #folderFd: number
  readonly #name = `${process.pid}-${randomBytes(4).toString('hex')}${ending}`
  readonly #socket: number
  readonly #watch: Watch
  readonly #listeners = new Map<string, Set<HintListener>>()
  #closed = false

  /** `directory`: the store's. Throws where sockets cannot be had there. */
  constructor(directory: string) {
    const folder = join(directory, 'hints')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#folderFd = openSync(folder, 'r')
    let socket: number | undefined
    try {
      // Under its name only when it can be sent to: it would be taken for one that was left.
      socket = openDatagramSocket(this.#path(`${this.#name}.new`))
      renameSync(this.#path(`${this.#name}.new`), this.#path(this.#name))
      this.#socket = socket
      this.#watch = watchReadable(socket, (status) => this.#receive(status), {
        keepsAlive: false,
      })
    } catch (error) {
      if (socket !== undefined) closeSync(socket)
      this.#remove(`${this.#name}.new`)
      this.#remove(this.#name)
      closeSync(this.#folderFd)
      throw error
    }
  }

  join(volume: Uuid, listener: HintListener): Hints {
    const id = idBytes(volume).toString('hex')
    const listeners = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, listeners.add(listener))
    return {
      tell: (seq) => this.#tell(volume, seq, listener),
      close: () => {
        listeners.delete(listener)
        if (listeners.size === 0 && this.#listeners.get(id) === listeners)
          this.#listeners.delete(id)
      },
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#watch.close()
    closeSync(this.#socket)
    this.#remove(this.#name)
    closeSync(this.#folderFd)
  }

  #tell(volume: Uuid, seq: number, from: HintListener): void {
    if (this.#closed) return
    const hint = Buffer.alloc(hintBytes)
    hint[0] = format
    idBytes(volume).copy(hint, 1)
    hint.writeBigUInt64BE(BigInt(seq), 17)
    try {
      for (const name of readdirSync(this.#path('')))
        if (name.endsWith(ending) && name !== this.#name) this.#send(name, hint)
    } catch (error) {
      from.failed(error)
    }
    // Others of this process that show the same volume by the same store.
    for (const listener of this.#listeners.get(hint.toString('hex', 1, 17)) ?? [])
      if (listener !== from) queueMicrotask(() => listener.hint(seq))
  }

  #send(name: string, hint: Uint8Array): void {
    const delivery = sendDatagram(this.#socket, this.#path(name), hint)
    // Whoever has many waiting looks anyway. What nobody has open was left by a process that was killed.
    if (delivery === 'gone') this.#remove(name)
  }

  #receive(status: number): void {
    const buffer = Buffer.alloc(hintBytes + 1)
    try {
      if (status < 0) throw new Error(`the socket cannot be watched: ${status}`)
      for (let count = 0; count < turnMax && !this.#closed; count++) {
        const size = receiveDatagram(this.#socket, buffer)
        if (size === undefined) return
        if (size === hintBytes && buffer[0] === format) this.#hear(buffer)
      }
    } catch (error) {
      for (const listeners of this.#listeners.values())
        for (const listener of listeners) listener.failed(error)
      this.#watch.close()
    }
  }

  #hear(hint: Buffer): void {
    const seq = Number(hint.readBigUInt64BE(17))
    for (const listener of this.#listeners.get(hint.toString('hex', 1, 17)) ?? [])
      listener.hint(seq)
  }

  #path(name: string): string {
    return `/proc/self/fd/${this.#folderFd}/${name}`
  }

  #remove(name: string): void {
    try {
      rmSync(this.#path(name), { force: true })
    } catch {
      // It is in nobody's way.
    }
  }
}
