// Captures the golden frames: does every act of test/mount/acts.ts on a real mount, and writes the
// request that the kernel made of it to frames.json. A frame is only taken when what is decoded is
// what the act did; that, and not the decoder, says what the frame must mean.
//
//   node .build/test/test/wire-golden/capture.js > test/wire-golden/frames.json

import { release } from 'node:os'
import { callOf, withAct } from '../mount/act-mount.js'
import { type Act, actName, acts } from '../mount/acts.js'
import type { TestMount } from '../mount/mounted.js'
import type { GoldenFile, GoldenFrame } from './golden.js'

function frameOf(act: Act, mount: TestMount): GoldenFrame {
  const unique = act.args && callOf(act, mount).unique
  const frame = mount.frames.find(
    ({ opcode, bytes }) =>
      opcode === act.opcode && (!unique || bytes.readBigUInt64LE(8).toString(16) === unique),
  )
  if (!frame) throw new Error(`the kernel sent no ${actName(act)}`)
  return {
    act: actName(act),
    flags: [...(mount.connection.negotiated?.flags ?? [])],
    hex: frame.bytes.toString('hex'),
  }
}

const frames: GoldenFrame[] = []
for (const act of acts) {
  frames.push(await withAct(act, async (mount) => frameOf(act, mount)))
}
const file: GoldenFile = { kernel: release().replace(/-.*/, ''), arch: process.arch, frames }
process.stdout.write(`${JSON.stringify(file, null, 2)}\n`)
