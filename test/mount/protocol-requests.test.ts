// Every request that is served, sent by the kernel of this machine: what is decoded is what the act
// did, and what the act sees is what was answered.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withAct } from './act-mount.js'
import { type Act, actName, acts } from './acts.js'
import { whyNoBlockMount } from './block-mount.js'
import { type Call, type TestMount, whyNoMount } from './mounted.js'
import { assertMatches } from './partial.js'

const skip = whyNoMount()

describe('requests over a mount', { skip: skip ?? false }, () => {
  for (const act of acts) {
    const reason = act.isBlock ? whyNoBlockMount() : undefined
    it(actName(act), { skip: reason ?? false, timeout: 30_000 }, () =>
      withAct(act, async (mount, result) => {
        assert.deepEqual(result, act.result ?? null)
        if (act.args) checkCall(act, mount)
        assert.deepEqual(mount.complaints, [])
      }),
    )
  }
})

/** One of the calls of that opcode must be the one that the act describes. */
function checkCall(act: Act, { calls }: TestMount): void {
  const ofOpcode = calls.filter((call) => call.opcode === act.opcode)
  const matching = ofOpcode.find((call) => isMatch(call, act))
  if (!matching) assertMatches(ofOpcode[0]?.args, act.args)
  assert.equal(matching?.nodeid, act.nodeid ?? 1)
  assert.equal(matching?.uid, 0)
}

function isMatch(call: Call, act: Act): boolean {
  try {
    assertMatches(call.args, act.args)
    return call.nodeid === (act.nodeid ?? 1)
  } catch {
    return false
  }
}
