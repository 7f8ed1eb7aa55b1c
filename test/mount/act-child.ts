// Does one act on a mount point, in a process of its own: never in the one that serves the mount.
//   node act-child.js <number of the act> <mount point>
// Prints what the act returned, as JSON.

import { ACT_GID, ACT_UMASK, acts } from './acts.js'

const [index, mountpoint] = process.argv.slice(2)
const act = acts[Number(index)]
if (!act || !mountpoint) throw new Error('usage: act-child <number of the act> <mount point>')
process.umask(ACT_UMASK)
process.setgid?.(ACT_GID)
const result = await act.run(mountpoint)
process.stdout.write(JSON.stringify(result ?? null))
