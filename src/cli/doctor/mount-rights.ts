// May this user mount, and open the mount to others?

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Check, type DoctorSystem, type Finding, fail, ok, quoteForShell } from './check.js'

/** Bit of CAP_SYS_ADMIN in the masks of /proc/self/status (capabilities(7)). */
const sysAdmin = 21

export const mountRightsCheck: Check = {
  name: 'rights',
  run: async (system, config) => {
    if (system.uid === 0) return rootRights(system)
    if (!config.allow_other) return ok('mounts by fusermount3, for this user alone')
    return (await mayAllowOther(system.fuseConfPath))
      ? ok('mounts by fusermount3, open to other users')
      : closedToOthers(system)
  },
}

async function rootRights(system: DoctorSystem): Promise<Finding> {
  const status = await readFile(path.join(system.procPath, 'self/status'), 'utf8')
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  if ((mask >> BigInt(sysAdmin)) & 1n) return ok('root, with the right to mount')
  return fail('root lacks the right to mount (CAP_SYS_ADMIN)', {
    text:
      'start the container with: --cap-add SYS_ADMIN --device /dev/fuse' +
      ' (with AppArmor also: --security-opt apparmor=unconfined)',
  })
}

async function mayAllowOther(fuseConfPath: string): Promise<boolean> {
  try {
    return /^\s*user_allow_other\s*$/m.test(await readFile(fuseConfPath, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

function closedToOthers({ fuseConfPath }: DoctorSystem): Finding {
  return fail('allow_other is set, and only root may do that here', {
    text: 'allow it to users, or leave allow_other out',
    command: `echo user_allow_other >> ${quoteForShell(fuseConfPath)}`,
    asRoot: true,
  })
}
