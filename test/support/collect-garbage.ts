/**
 * Loaded into a process under test by `--import`: it collects its garbage when SIGUSR2 tells it to, and gives
 * back what was freed, so that what is counted then is what it holds.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { trimMemory } from '../../src/native/memory.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

process.on('SIGUSR2', () => {
  // What the first one finds dead may have kept something outside the heap, freed behind it.
  collect()
  setImmediate(() => {
    collect()
    trimMemory()
  })
})
