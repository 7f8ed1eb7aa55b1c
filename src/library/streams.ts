// Streams of a file: Node's own ReadStream and WriteStream, with start and end, backpressure and all, over an
// open file of the volume.

import { createReadStream, createWriteStream, type ReadStream, type WriteStream } from 'node:fs'
import { modeOf, optionsOf, type VolumePath } from './arguments.js'
import { openFlagsOf } from './open-flags.js'
import { openFile, type RawFile } from './raw-file.js'
import type { Session } from './session.js'
import type { Volume } from './volume.js'

const common = ['encoding', 'autoClose', 'emitClose', 'start', 'highWaterMark', 'signal'] as const
const forReading = [...common, 'end'] as const
const forWriting = [...common, 'flush'] as const
const byPath = ['flags', 'mode'] as const

export function streamCalls(
  session: Session,
): Pick<Volume, 'createReadStream' | 'createWriteStream'> {
  const files = (path: VolumePath) =>
    new StreamFiles((_, flags, mode) =>
      openFile(session, path, openFlagsOf(flags), modeOf(mode, 0o666)),
    )
  return {
    createReadStream: (path, options) => {
      const given = optionsOf('createReadStream', options, [...forReading, ...byPath])
      return createReadStream(streamPath(path), { ...given, fs: files(path) } as never)
    },
    createWriteStream: (path, options) => {
      const given = optionsOf('createWriteStream', options, [...forWriting, ...byPath])
      return createWriteStream(streamPath(path), { ...given, fs: files(path) } as never)
    },
  }
}

/** Of an open file; it is closed with the stream unless `autoClose` is false. */
export function readStreamOf(file: RawFile, options: unknown): ReadStream {
  const given = optionsOf('createReadStream', options, forReading)
  return createReadStream('', { ...given, fd: file.number, fs: StreamFiles.of(file) } as never)
}

export function writeStreamOf(file: RawFile, options: unknown): WriteStream {
  const given = optionsOf('createWriteStream', options, forWriting)
  return createWriteStream('', { ...given, fd: file.number, fs: StreamFiles.of(file) } as never)
}

/** Node wants a string or a Buffer. */
function streamPath(path: VolumePath): string | Buffer {
  return typeof path === 'string' || Buffer.isBuffer(path) ? path : Buffer.from(path)
}

type Callback<Result = void> = (error: unknown, result?: Result) => void

/** What Node's streams ask of `fs`: calls with numbers and callbacks. */
class StreamFiles {
  readonly #open: (path: unknown, flags: unknown, mode: unknown) => Promise<RawFile>
  #file: RawFile | undefined

  constructor(open: (path: unknown, flags: unknown, mode: unknown) => Promise<RawFile>) {
    this.#open = open
  }

  static of(file: RawFile): StreamFiles {
    const files = new StreamFiles(() => Promise.resolve(file))
    files.#file = file
    return files
  }

  open = (path: unknown, flags: unknown, mode: unknown, done: Callback<number>): void => {
    const opened = this.#open(path, flags, mode).then((file) => {
      this.#file = file
      return file.number
    })
    answer(opened, done)
  }

  read = (
    _fd: number,
    buffer: Buffer,
    offset: number,
    length: number,
    position: number | undefined | null,
    done: (error: unknown, count?: number, buffer?: Buffer) => void,
  ): void => {
    const bytes = buffer.subarray(offset, offset + length)
    answer(this.#opened.read(bytes, position ?? undefined), (error, count) =>
      done(error, count, buffer),
    )
  }

  write = (
    _fd: number,
    buffer: Buffer,
    offset: number,
    length: number,
    position: number | undefined | null,
    done: (error: unknown, count?: number, buffer?: Buffer) => void,
  ): void => {
    const bytes = buffer.subarray(offset, offset + length)
    answer(this.#opened.write(bytes, position ?? undefined), (error, count) =>
      done(error, count, buffer),
    )
  }

  fsync = (_fd: number, done: Callback): void => answer(this.#opened.sync(false), done)

  close = (_fd: number, done: Callback): void => answer(this.#opened.close(), done)

  get #opened(): RawFile {
    if (!this.#file) throw new Error('the stream has not opened its file')
    return this.#file
  }
}

/** Outside of the promise: what the stream's own code throws is not this call's error. */
function answer<Result>(result: Promise<Result>, done: Callback<Result>): void {
  result.then(
    (value) => process.nextTick(done, null, value),
    (error) => process.nextTick(done, error),
  )
}
