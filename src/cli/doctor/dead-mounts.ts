// Mounts whose process has died: every access to them fails until they are taken away.

import { seeMounts } from '../mount-client.js'
import { type Check, ok, quoteForShell, warn } from './check.js'

export const deadMountsCheck: Check = {
  name: 'dead mounts',
  run: async ({ uid, env }) => {
    const mounts = await seeMounts({ uid, env })
    const dead = mounts.filter((mount) => mount.state === 'dead').map((mount) => mount.mountpoint)
    const silent = mounts.filter((mount) => mount.state === 'silent')
    if (dead.length > 0) {
      return warn(`the process of ${dead.join(', ')} is gone`, {
        text: 'take it away, or mount there again, which does it too',
        command: dead
          .map((mountpoint) => `cassfs umount ${quoteForShell(mountpoint)}`)
          .join(' && '),
      })
    }
    if (silent.length > 0) {
      const where = silent.map((mount) => mount.mountpoint).join(', ')
      return warn(`${where} does not answer`, {
        text: 'look into its log (cassfs status <folder>); if it stays so, unmount it',
        command: silent
          .map((mount) => `cassfs umount ${quoteForShell(mount.mountpoint)}`)
          .join(' && '),
      })
    }
    return ok(mounts.length === 0 ? 'none' : `none; ${mounts.length} mounted and answering`)
  },
}
