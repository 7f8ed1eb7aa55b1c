// The kernel's side of the protocol. The first version that speaks enough of it is FUSE 7.31, Linux 5.4;
// what newer ones add is used where it is there.

import { type Check, fail, ok, warn } from './check.js'

export const kernelCheck: Check = {
  name: 'kernel',
  run: async ({ kernelRelease }) => {
    if (!isAtLeast(kernelRelease, [5, 4])) {
      return fail(`Linux ${kernelRelease} speaks too old a FUSE protocol`, {
        text: 'boot Linux 5.4 or newer (FUSE protocol 7.31)',
      })
    }
    if (!isAtLeast(kernelRelease, [5, 14])) {
      return warn(`Linux ${kernelRelease} works, slower than a newer one`, {
        text: 'boot Linux 5.14 or newer: writes then need no question for capabilities',
      })
    }
    return ok(`Linux ${kernelRelease}`)
  },
}

function isAtLeast(release: string, [major, minor]: readonly [number, number]): boolean {
  const [haveMajor = 0, haveMinor = 0] = release.split(/[.-]/).map(Number)
  return haveMajor > major || (haveMajor === major && haveMinor >= minor)
}
