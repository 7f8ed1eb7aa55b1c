// What a power cut leaves of what was not synced, by a seed: anything from nothing to all, by calls, by pages,
// or with pages that are torn.

import { createRandom } from '../support/tree.js'
import type { Chance } from './pages.js'

const shares = [0, 0.1, 0.5, 0.5, 0.9, 1]

export function chanceOf(seed: number): Chance {
  const random = createRandom(seed)
  const share = shares[random(shares.length)] as number
  const isByPage = random(2) === 0
  const torn = random(3) === 0 ? 4 : 0
  const prefix = random(3)
  return {
    isWritten(call, page, sector) {
      const unit = isByPage || sector !== undefined ? page * 8 + (sector ?? 0) + 1 : 0
      return (
        createRandom(seed ^ Math.imul(call, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b))(1000) <
        share * 1000
      )
    },
    isTorn: () => torn > 0 && random(torn) === 0,
    upTo: (count) =>
      prefix === 0 ? count : random(prefix === 1 ? count + 1 : Math.min(count, 1) + 1),
  }
}
