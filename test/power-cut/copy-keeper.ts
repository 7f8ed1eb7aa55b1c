// `node copy-keeper.js FOLDER NOTES`: keeps a copy of a volume on disk, writes to it, and ends as a mount does.
// What a second one begins with is what the first has kept.

import { openSync, writeSync } from 'node:fs'
import { openCopyFolder } from '../../src/tables/copy-folder.js'
import { VolumeState } from '../../src/volume/head.js'
import { nilUuid } from '../../src/volume/uuid.js'

const [directory, notesPath] = process.argv.slice(2)
if (!directory || !notesPath) throw new Error('started by hand')
const notes = openSync(notesPath, 'a')
const warn = (message: string): void => {
  throw new Error(message)
}
const copies = openCopyFolder({ directory, volume: nilUuid, tryLock: () => true, warn })
const kept = copies.kept()
writeSync(notes, kept ? 'kept\n' : 'new\n')
const tables = kept ?? copies.create()
const numbers = { usedBytes: 0, usedInodes: 1, quotaBytes: 0, quotaInodes: 0 }
const seq = (kept?.head()?.seq ?? 0) + 1
tables.apply([], [], { seq, request: nilUuid, state: VolumeState.live, ...numbers })
if (!kept) copies.keep(tables)
writeSync(notes, 'written\n')
await copies.close()
writeSync(notes, 'closed\n')
