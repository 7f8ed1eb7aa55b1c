// Every request that is served, sent by the kernel of this machine: what is decoded is what the act
// did, and what the act sees is what was answered.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callOf, withAct } from './act-mount.js'
import { actName, acts } from './acts.js'
import { whyNoBlockMount } from './block-mount.js'
import { MemoryHandler } from './memory-handler.js'
import { whyNoMount, withMount } from './mounted.js'

const skip = whyNoMount()

/** What the kernel of this machine speaks. */
const minor = skip
  ? Promise.resolve(0)
  : withMount({ handler: new MemoryHandler({ ttlMs: 0 }) }, async ({ connection }) => {
      return connection.negotiated?.minor ?? 0
    })

describe('requests over a mount', { skip: skip ?? false }, () => {
  for (const act of acts) {
    const reason = act.isBlock ? whyNoBlockMount() : undefined
    it(actName(act), { skip: reason ?? false, timeout: 30_000 }, async (t) => {
      if (act.since && (await minor) < act.since) {
        t.skip(`SKIPPED: this kernel does not speak protocol 7.${act.since} yet`)
        return
      }
      await withAct(act, async (mount, result) => {
        assert.deepEqual(result, act.result ?? null)
        if (act.args) callOf(act, mount)
        assert.deepEqual(mount.complaints, [])
      })
    })
  }
})
