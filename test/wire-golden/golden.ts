// The golden frames: requests as a kernel sent them, byte for byte (capture.ts).

import { readFileSync } from 'node:fs'
import type { InitFlag } from '../../src/fuse/handler.js'
import { type Act, actName, acts } from '../mount/acts.js'

export interface GoldenFrame {
  /** The act that made the kernel send it (test/mount/acts.ts). */
  readonly act: string
  /** Flags that INIT had settled. */
  readonly flags: readonly InitFlag[]
  readonly hex: string
}

export interface GoldenFile {
  /** Version of the Linux that sent them. */
  readonly kernel: string
  readonly arch: string
  readonly frames: readonly GoldenFrame[]
}

const PATH = 'test/wire-golden/frames.json'

/** Read from the sources, since the compiler copies no data: tests run in the project's root. */
export const golden: GoldenFile = JSON.parse(readFileSync(PATH, 'utf8'))

export function actOf(frame: GoldenFrame): Act {
  const act = acts.find((one) => actName(one) === frame.act)
  if (!act) throw new Error(`no act is named ${frame.act}: capture the golden frames again`)
  return act
}
