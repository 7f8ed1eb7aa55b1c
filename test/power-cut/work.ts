// `node work.js FOLDER NOTES SEED GENERATION SETTING OPERATIONS END`: three programs at once, each in a folder of
// its own, on the volume in FOLDER. What each begins and what it is answered stands in NOTES. END: `close`, or
// `die`, at some moment after half of the operations.

import { openSync, writeSync } from 'node:fs'
import { rootIno } from '../../src/volume/inode.js'
import { createRandom } from '../support/tree.js'
import { root } from '../vfs/test-vfs.js'
import { after, chooseOperation } from './choose.js'
import type { NoteLine } from './history.js'
import { perform } from './perform.js'
import { openNewFolder, type Setting } from './state-folder.js'
import type { State } from './steps.js'

const programs = 3

const [folder, notesPath, seed, generation, setting, operations, end] = process.argv.slice(2)
if (!folder || !notesPath || !setting || !end) throw new Error('started by hand')
const random = createRandom(Number(seed))
const notes = openSync(notesPath, 'a')
const nowMs = () => Number(process.hrtime.bigint() / 1000n) / 1000
const say = (line: NoteLine) => writeSync(notes, `${JSON.stringify(line)}\n`)

const opened = await openNewFolder(folder, JSON.parse(setting) as Setting)
const { vfs } = opened.volume
say({ kind: 'opened', ms: nowMs() })
const dieAt = end === 'die' ? Number(operations) / 2 + random(Number(operations) / 2) : Infinity
let count = 0

async function run(program: string, seed: number): Promise<void> {
  const random = createRandom(seed)
  say({ kind: 'making', program })
  const { ino } = await vfs.mkdir(root, rootIno, program, 0o755)
  say({ kind: 'made', program, ms: nowMs() })
  let state: State = new Map()
  for (let number = 0; number < Number(operations) / programs; number++) {
    const operation = chooseOperation(state, random)
    say({ kind: 'begin', program, operation })
    await perform(vfs, ino, operation)
    say({ kind: 'done', program, ms: nowMs() })
    state = after(state, operation)
    if (++count >= dieAt) process.kill(process.pid, 'SIGKILL')
  }
}

const names = Array.from({ length: programs }, (_, index) => `g${generation}p${index}`)
await Promise.all(names.map((name) => run(name, random(1 << 30))))
await opened.close()
say({ kind: 'closed', ms: nowMs() })
