// clock_gettime(CLOCK_BOOTTIME): time that no one can set and that goes on while the machine
// sleeps. A lease must be measured with it; Node's own monotonic clock stands still in a suspend.

import { check, declare } from './libc.js'

const libcClockGettime = declare<(clock: number, time: Uint8Array) => number>(
  'int clock_gettime(int, void *)',
)

const CLOCK_BOOTTIME = 7

const timespec = new BigInt64Array(2)
const bytes = new Uint8Array(timespec.buffer)

/** Milliseconds since the machine started, with a fraction. */
export function bootTimeMs(): number {
  check(libcClockGettime(CLOCK_BOOTTIME, bytes), 'clock_gettime')
  return Number(timespec[0]) * 1000 + Number(timespec[1]) / 1e6
}
