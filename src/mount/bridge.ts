// The FUSE handler over a vfs: turns requests into calls and inodes into replies. POSIX is the vfs'
// business, the protocol is src/fuse's; what lies between, by subject, is in the files beside.

import type { Handler } from '../fuse/handler.js'
import { BridgeContext, type BridgeOptions } from './bridge-context.js'
import { directoryCalls } from './bridge-directories.js'
import { attributeCalls, fileCalls, lockCalls, xattrCalls } from './bridge-files.js'
import { makingCalls, nameCalls } from './bridge-names.js'

export type { BridgeOptions } from './bridge-context.js'

export function createBridge(options: BridgeOptions): Handler {
  const context = new BridgeContext(options)
  return {
    init: (negotiated) => context.agreed(negotiated),
    ...nameCalls(context),
    ...makingCalls(context),
    ...attributeCalls(context),
    ...fileCalls(context),
    ...directoryCalls(context),
    ...xattrCalls(context),
    ...lockCalls(context),
  }
}
