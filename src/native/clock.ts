// clock_gettime(CLOCK_BOOTTIME): time that no one can set and that goes on while the machine
// sleeps. A lease must be measured with it; Node's own monotonic clock stands still in a suspend.

import { check, declare } from './libc.js'

const libcClockGettime = declare<(clock: number, time: Uint8Array) => number>(
  'int clock_gettime(int, void *)',
)

const CLOCK_BOOTTIME = 7

/** struct timespec: two 64-bit numbers, read as pairs of 32, which makes no BigInt; no boot lasts 2 ** 32 s. */
const timespec = new Uint32Array(4)
const bytes = new Uint8Array(timespec.buffer)
const [secondsAt, nanosecondsAt] = [0, 2]

/** Milliseconds since the machine started, with a fraction. */
export function bootTimeMs(): number {
  check(libcClockGettime(CLOCK_BOOTTIME, bytes), 'clock_gettime')
  return Number(timespec[secondsAt]) * 1000 + Number(timespec[nanosecondsAt]) / 1e6
}
