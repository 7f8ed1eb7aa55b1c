// Reads every row of the environment in the directory that is its argument, and ends with status 0 where that can
// be done. A process of its own, as a damaged file may end it.

import { open } from 'lmdb'

const path = process.argv[2]
if (!path) throw new Error('started without a directory')
const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const
const root = open<Buffer, Buffer>({ path, noSubdir: false, readOnly: true, maxDbs: 16, ...bytes })
let read = 0
for (const key of [...root.getKeys()]) {
  const rows = root.openDB<Buffer, Buffer>({ name: key.toString(), ...bytes })
  for (const { value } of rows.getRange({})) read += value.length
}
process.exit(Number.isSafeInteger(read) ? 0 : 1)
