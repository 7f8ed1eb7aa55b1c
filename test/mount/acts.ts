// For each request of the protocol, something that makes the kernel send it. An act runs in a
// process of its own (act-child.ts) on a mount of a MemoryHandler with a lifetime of 0; what the
// kernel must then have asked is written here by hand, from what the act does. The golden frames
// are captured with these acts too, so they are checked against the kernel at every run.

import type { Act } from './acts/act.js'
import { attributes } from './acts/attributes.js'
import { directories } from './acts/directories.js'
import { files } from './acts/files.js'
import { locks } from './acts/locks.js'
import { names } from './acts/names.js'

export { ACT_GID, ACT_UMASK, type Act, FIRST_HANDLE, FIRST_NODE } from './acts/act.js'

export const acts: readonly Act[] = [
  { opcode: 'INIT', run: () => undefined, nodeid: 0 },
  ...names,
  ...attributes,
  ...files,
  ...directories,
  ...locks,
]

/** Names an act among all. */
export function actName({ opcode, variant }: Act): string {
  return variant ? `${opcode} (${variant})` : opcode
}
