// A mount for the length of a test: what the kernel sent is recorded, frame by frame and call by
// call, and whatever happens it is unmounted in the end. The process that serves never touches the
// mount itself: that is for child processes (`run`).

import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Connection } from '../../src/fuse/connection.js'
import { Device } from '../../src/fuse/device.js'
import type { Handler, InitFlag, Request } from '../../src/fuse/handler.js'
import { DEFAULT_FLAGS, DEFAULT_WISHES } from '../../src/fuse/handshake.js'
import { type MountOptions, openMount, unmount } from '../../src/fuse/mount.js'
import { Notifier } from '../../src/fuse/notify.js'
import type { FuseLog } from '../../src/fuse/replier.js'
import type { OpcodeName } from '../../src/fuse/wire/opcodes.js'
import { opcodeName } from '../../src/fuse/wire/opcodes.js'
import { blockMount } from './block-mount.js'

/** How long a child may take before it is killed. */
const CHILD_TIMEOUT_MS = 15_000

/** Why tests that mount cannot run here; undefined where they can. */
export function whyNoMount(): string | undefined {
  if (!existsSync('/dev/fuse')) return 'SKIPPED: there is no /dev/fuse here'
  if (process.geteuid?.() !== 0) return 'SKIPPED: mounting with mount(2) needs root'
  return undefined
}

/** One call of a handler's method. */
export interface Call {
  readonly opcode: string
  readonly unique: string
  readonly nodeid: number
  readonly uid: number
  readonly gid: number
  readonly pid: number
  readonly groups: readonly number[] | undefined
  readonly args: unknown
}

export interface TestMountOptions extends Partial<MountOptions> {
  readonly handler: Handler
  readonly ask?: readonly InitFlag[]
  readonly dontAsk?: readonly InitFlag[]
  readonly minorMax?: number
  readonly isBlock?: boolean
  readonly spinMicroseconds?: number
}

export interface TestMount {
  readonly mountpoint: string
  readonly fd: number
  /** Every request as it came, in order. */
  readonly frames: { readonly opcode: OpcodeName; readonly bytes: Buffer }[]
  readonly calls: Call[]
  readonly connection: Connection
  readonly notifier: Notifier
  /** What the connection had to complain about. */
  readonly complaints: string[]
  /** Runs a program on the mount; its output. Throws when it fails or takes too long. */
  run(command: string, args: readonly string[]): Promise<string>
  /** Waits until the kernel has sent such a request. */
  untilFrame(opcode: OpcodeName): Promise<void>
  /** Unmounts before the end, and waits until the server has seen it. */
  unmount(): Promise<void>
}

/** Mounts, runs the body, unmounts. */
export async function withMount<T>(
  options: TestMountOptions,
  body: (mount: TestMount) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'cassfs-mount-'))
  try {
    const { fd, release } = await open(directory, options)
    const { mount, closed } = serve(fd, directory, options)
    try {
      await mount.connection.agreed
      return await body(mount)
    } finally {
      await mount.unmount()
      await closed
      release()
    }
  } finally {
    rmdirSync(directory)
  }
}

async function open(mountpoint: string, options: TestMountOptions) {
  if (options.isBlock) return blockMount(mountpoint)
  const naming = { fsname: 'cassfs-test', subtype: 'cassfs' }
  const { fd } = await openMount({ ...naming, ...options, mountpoint })
  return { fd, release: () => {} }
}

function serve(fd: number, mountpoint: string, options: TestMountOptions) {
  const calls: Call[] = []
  const frames: TestMount['frames'] = []
  const complaints: string[] = []
  const device = new Device(fd, options.spinMicroseconds ?? 0)
  const connection = new Connection({
    handler: recording(options.handler, calls),
    log: complainTo(complaints),
    wishes: wishesOf(options),
    send: device.send,
  })
  const onError = (error: Error) => complaints.push(String(error))
  const notifier = new Notifier({ fd, negotiated: () => connection.negotiated, onError })
  const sink = {
    get pending() {
      return connection.pending
    },
    takeFrame: () => connection.takeFrame(),
    handle: (frame: ReturnType<Connection['takeFrame']>, length: number) => {
      const opcode = opcodeName(frame.word(1)) as OpcodeName
      frames.push({ opcode, bytes: Buffer.from(frame.bytes.subarray(0, length)) })
      return connection.handle(frame, length)
    },
  }
  let isMounted = true
  const closed = device.serve(sink).then(async () => {
    connection.destroy()
    await notifier.close(1000)
    closeSync(fd)
    isMounted = false
  })
  const mount: TestMount = {
    mountpoint,
    fd,
    frames,
    calls,
    connection,
    notifier,
    complaints,
    run: runProgram,
    untilFrame: (opcode) =>
      until(
        () => frames.some((frame) => frame.opcode === opcode),
        () => `no ${opcode} among ${frames.map((frame) => frame.opcode)}`,
      ),
    unmount: async () => {
      // The kernel asks for DESTROY while umount(2) of a block device waits: not from here.
      if (isMounted && options.isBlock) await runProgram('umount', [mountpoint])
      else if (isMounted) await unmount(mountpoint, true)
      await closed
    },
  }
  return { mount, closed }
}

function wishesOf({ ask = [], dontAsk = [], minorMax }: TestMountOptions) {
  const flags = new Set([...DEFAULT_FLAGS, ...ask].filter((flag) => !dontAsk.includes(flag)))
  return { ...DEFAULT_WISHES, flags, minorMax: minorMax ?? DEFAULT_WISHES.minorMax }
}

/** The handler with every call of it noted. */
export function recording(handler: Handler, calls: Call[]): Handler {
  return new Proxy(handler, {
    get(target, name) {
      const method = target[name as keyof Handler] as unknown
      if (typeof method !== 'function' || name === 'init' || name === 'destroy') return method
      return (request: Request, args: unknown, ...rest: unknown[]) => {
        const { gid, groups, nodeid, pid, uid, unique } = request
        const opcode = opcodeName(request.opcode)
        calls.push({ opcode, unique, nodeid, uid, gid, pid, groups, args: copyOf(args) })
        return method.call(target, request, args, ...rest)
      }
    },
  })
}

/** The handler with some methods in place of its own. */
export function overriding(handler: Handler, methods: Handler): Handler {
  return new Proxy(handler, {
    get(target, name) {
      const own = methods[name as keyof Handler] as unknown
      const method = own ?? (target[name as keyof Handler] as unknown)
      return typeof method === 'function' ? method.bind(own ? methods : target) : method
    },
  })
}

/** Data is a view of the request's buffer: noted as a list of bytes. */
function copyOf(args: unknown): unknown {
  if (typeof args !== 'object' || args === null) return args
  const entries = Object.entries(args).map(([key, value]) => [
    key,
    value instanceof Uint8Array ? [...value] : value,
  ])
  return Object.fromEntries(entries)
}

export function complainTo(complaints: string[]): FuseLog {
  return {
    warn: (message) => complaints.push(message),
    error: (message, error) => complaints.push(`${message}: ${error}`),
  }
}

export function runProgram(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: CHILD_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  let output = ''
  let complaint = ''
  child.stdout.on('data', (text: Buffer) => {
    output += text.toString('latin1')
  })
  child.stderr.on('data', (text: Buffer) => {
    complaint += text.toString()
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${command} ended with ${signal ?? code}: ${complaint}`))
    })
  })
}

/** Waits for what must come, 10 s at most. */
export async function until(condition: () => boolean, why: () => string): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (condition()) return
    await delay(10)
  }
  throw new Error(`waited for 10 s in vain: ${why()}`)
}

/** An open file that is closed whatever happens. */
export function withFile<T>(path: string, flags: string, body: (fd: number) => T): T {
  const fd = openSync(path, flags)
  try {
    return body(fd)
  } finally {
    closeSync(fd)
  }
}
