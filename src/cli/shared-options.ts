// What the specifications of commands share.

import type { OwnOption } from './split-arguments.js'

export const json: OwnOption = { name: 'json', doc: 'Print JSON, for programs.' }
/** Options of what works on an environment without a mount. */
export const volumeGroups = ['volume', 'store', 'log'] as const
