// Mounts what an act needs and has a child do it.

import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import type { Handler, Request } from '../../src/fuse/handler.js'
import { Opcode } from '../../src/fuse/wire/opcodes.js'
import { Errno } from '../../src/posix/errno.js'
import { ACT_GID, type Act, actName, acts, FIRST_HANDLE, FIRST_NODE } from './acts.js'
import { MemoryHandler } from './memory-handler.js'
import { type Call, type TestMount, withMount } from './mounted.js'
import { assertMatches } from './partial.js'

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
    // Else the kernel lets nobody in whose group is not that of the server.
    allowOther: true,
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

/** The call that the act describes; throws, showing another of that opcode, when there is none. */
export function callOf(act: Act, { calls }: TestMount): Call {
  const ofOpcode = calls.filter((call) => call.opcode === act.opcode)
  const found = ofOpcode.find((call) => {
    try {
      assertIsCall(call, act)
      return true
    } catch {
      return false
    }
  })
  const call = found ?? ofOpcode.at(-1)
  assert.ok(call, `no ${act.opcode} reached the handler`)
  assertIsCall(call, act)
  return call
}

/** A call is what the act did: the same arguments, on the same node, by the same caller. */
export function assertIsCall(call: Call, act: Act): void {
  assertMatches(call.args, act.args)
  assert.equal(call.nodeid, act.nodeid ?? 1)
  assert.deepEqual(call.groups, act.groups)
  // FORGET and RELEASE come from the kernel itself.
  if (call.pid === 0) return
  assert.deepEqual([call.uid, call.gid], [0, ACT_GID], `who asks for ${actName(act)}`)
}
