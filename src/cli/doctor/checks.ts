// All checks, in the order in which one would mend what they find.

import type { Check } from './check.js'
import { deadMountsCheck } from './dead-mounts.js'
import { freeSpaceCheck } from './free-space.js'
import { fuseDeviceCheck } from './fuse-device.js'
import { fusermountCheck } from './fusermount.js'
import { kernelCheck } from './kernel.js'
import { mountRightsCheck } from './mount-rights.js'
import { nodeVersionCheck } from './node-version.js'
import { selinuxCheck } from './selinux.js'
import { stateFolderCheck } from './state-folder.js'
import { clockCheck, schemaCheck, storeCheck } from './store.js'

export const checks: readonly Check[] = [
  nodeVersionCheck,
  kernelCheck,
  fuseDeviceCheck,
  mountRightsCheck,
  fusermountCheck,
  stateFolderCheck,
  freeSpaceCheck,
  storeCheck,
  schemaCheck,
  clockCheck,
  deadMountsCheck,
  selinuxCheck,
]
