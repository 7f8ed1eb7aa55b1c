// Mounts what an act needs and has a child do it.

import { fileURLToPath } from 'node:url'
import type { Handler, Request } from '../../src/fuse/handler.js'
import { Opcode } from '../../src/fuse/wire/opcodes.js'
import { Errno } from '../../src/posix/errno.js'
import { type Act, acts, FIRST_HANDLE, FIRST_NODE } from './acts.js'
import { MemoryHandler } from './memory-handler.js'
import { type TestMount, withMount } from './mounted.js'

const CHILD = fileURLToPath(new URL('./act-child.js', import.meta.url))

/** Does the act on a mount of its own; `body` sees the mount and what the act returned. */
export function withAct<T>(
  act: Act,
  body: (mount: TestMount, result: unknown) => Promise<T>,
): Promise<T> {
  const options = {
    handler: handlerOf(act),
    ask: act.ask ?? [],
    dontAsk: act.dontAsk ?? [],
    isBlock: act.isBlock ?? false,
  }
  return withMount(options, async (mount) => {
    const args = [CHILD, String(acts.indexOf(act)), mount.mountpoint]
    const result: unknown = JSON.parse(await mount.run(process.execPath, args))
    if (act.isAtUnmount) await mount.unmount()
    await mount.untilFrame(act.opcode)
    return body(mount, result)
  })
}

function handlerOf(act: Act): Handler {
  const memory = new MemoryHandler({
    ttlMs: 0,
    firstNode: FIRST_NODE,
    firstHandle: FIRST_HANDLE,
  })
  const without = new Set<string>(act.without)
  return new Proxy<Handler>(memory, {
    get(target, name) {
      if (without.has(name as string)) return undefined
      if (name === 'copyFileRange' && act.isOldCopy) return oldCopy(memory)
      const value = target[name as keyof Handler] as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function oldCopy(memory: MemoryHandler): NonNullable<Handler['copyFileRange']> {
  return (request: Request, args) =>
    request.opcode === Opcode.COPY_FILE_RANGE_64
      ? Errno.ENOSYS
      : memory.copyFileRange(request, args)
}
