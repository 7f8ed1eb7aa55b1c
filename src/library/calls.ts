// All calls of a volume, put together by subject.

import type { VolumePath } from './arguments.js'
import { attributeCalls } from './attributes.js'
import { listingCalls } from './listing.js'
import { nameCalls } from './names.js'
import type { Session } from './session.js'
import { streamCalls } from './streams.js'
import type { Volume } from './volume.js'
import { watch } from './watch.js'
import { wholeFileCalls } from './whole-files.js'
import { xattrCalls } from './xattrs.js'

/** A volume without its end. */
export type VolumeCalls = Omit<Volume, 'close' | typeof Symbol.asyncDispose>

export function callsOf(session: Session): VolumeCalls {
  return {
    ...attributeCalls(session),
    ...nameCalls(session),
    ...listingCalls(session),
    ...wholeFileCalls(session),
    ...streamCalls(session),
    ...xattrCalls(session),
    watch: (path: VolumePath, options?: unknown) => watch(session, path, options) as never,
    sync: () => session.held({ syscall: 'syncfs' }, () => session.vfs.settle()),
  }
}
