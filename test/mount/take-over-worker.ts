// Serves a mount whose connection it was handed as descriptor 3: the first process of one, or the next behind
// one that was killed, which has the kernel deliver again what was not answered. Tells its parent, in lines of
// JSON, what it has agreed with the kernel, when it serves, and when it has the write lease.
//   node take-over-worker.js ORDER

import { mkdirSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { openEnvironment } from '../../src/environments/open-environment.js'
import { Connection } from '../../src/fuse/connection.js'
import { Device } from '../../src/fuse/device.js'
import type { Handler, InitFlag, Request } from '../../src/fuse/handler.js'
import type { Negotiated } from '../../src/fuse/handshake.js'
import { Notifier } from '../../src/fuse/notify.js'
import { openJournalFolder } from '../../src/journal/journal-folder.js'
import { createBridge } from '../../src/mount/bridge.js'
import { keepsPagesTrue } from '../../src/mount/direct-writes.js'
import { tryLock } from '../../src/native/flock.js'
import { openStore } from '../../src/store/open-store.js'
import { openVolume } from '../../src/vfs/open-volume.js'
import { overriding } from './mounted.js'

export interface TakeOverOrder {
  /** The store, journals and spool lie below it. */
  readonly folder: string
  readonly writeLease: boolean
  /** The id of the mount, and what was agreed with the kernel: of whoever served before. */
  readonly before?: { readonly mount: string; readonly negotiated: AgreedLine }
  /** Dies where it would answer the first such request with this name. */
  readonly die?: { readonly method: keyof Handler; readonly name: string }
}

export type AgreedLine = Omit<Negotiated, 'flags'> & { readonly flags: readonly InitFlag[] }

export type TakeOverLine =
  | { readonly agreed: AgreedLine; readonly mount: string }
  | { readonly serves: true }
  | { readonly lease: true }

const deviceFd = 3
const owner = 'test'

function say(line: TakeOverLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** The end of this process, once the change is done and before anybody is told. */
function dying(handler: Handler, die: NonNullable<TakeOverOrder['die']>): Handler {
  const method = handler[die.method] as (request: Request, args: object) => unknown
  return overriding(handler, {
    [die.method]: (request: Request, args: { name?: string; newName?: string }) => {
      const answer = method.call(handler, request, args)
      if (args.name !== die.name && args.newName !== die.name) return answer
      const end = () => process.kill(process.pid, 'SIGKILL')
      if (answer instanceof Promise) answer.finally(end)
      else end()
      return new Promise(() => {})
    },
  })
}

async function main(order: TakeOverOrder): Promise<void> {
  const { folder, before } = order
  const store = await openStore({ engine: 'lmdb', directory: join(folder, 'store') })
  const { volume, ownerId } = await openEnvironment(store, owner, 'dev', { uid: 0, gid: 0 })
  const journals = join(folder, 'journal')
  mkdirSync(journals, { recursive: true })
  const open = await openVolume({
    store,
    blocks: store,
    volume,
    ownerId,
    ownerName: owner,
    journals: openJournalFolder({
      directory: join(journals, volume),
      volume,
      tryLock: (fd) => tryLock(fd, 'exclusive'),
      warn: (message) => console.error(message),
    }),
    writeLease: order.writeLease,
    spoolDirectory: join(folder, 'spool'),
    entryTtlMs: 1000,
    readOnly: false,
    checkPermissions: false,
    takesOver: before?.mount,
    logger: {
      info: (message) => console.error(message),
      warn: (message) => console.error(message),
      error: (message, fields) => console.error(message, fields),
    },
  })
  const mount = before?.mount ?? open.processId
  const bridge = createBridge({
    vfs: open.vfs,
    mount,
    lifetimeMs: 1000,
    negativeLifetimeMs: 0,
    present: {},
    withoutOpendir: true,
    directWrites: keepsPagesTrue(release()),
    settled: () => undefined,
  })
  const device = new Device(deviceFd, 0)
  const negotiated = before && {
    ...before.negotiated,
    flags: new Set(before.negotiated.flags),
  }
  if (negotiated) bridge.init?.(negotiated)
  const connection = new Connection({
    handler: order.die ? dying(bridge, order.die) : bridge,
    log: { warn: console.error, error: console.error },
    send: device.send,
    negotiated,
  })
  const notifier = new Notifier({
    fd: deviceFd,
    negotiated: () => connection.negotiated,
    onError: (error) => console.error(error),
  })
  const ended = device.serve(connection)
  const agreed = await connection.agreed
  if (agreed instanceof Error) throw agreed
  say({ agreed: { ...agreed, flags: [...agreed.flags] }, mount })
  if (before) await notifier.resend()
  say({ serves: true })
  const watch = setInterval(() => {
    if (open.status().replica.early.lease !== 'held') return
    clearInterval(watch)
    say({ lease: true })
  }, 20)
  await ended
  clearInterval(watch)
  connection.destroy()
  await notifier.close(1000)
  await open.close(5000)
  await store.close()
}

await main(JSON.parse(process.argv[2] ?? '') as TakeOverOrder)
