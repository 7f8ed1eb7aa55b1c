/** Another program that takes all that a disk has left. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Writes to a file of its own below `directory` until there is not a byte more to be had. */
export function takeRest(directory: string): void {
  const fd = openSync(join(directory, 'theirs'), 'w')
  for (let bytes = Buffer.alloc(2 ** 20, 1); bytes.length >= 1; )
    try {
      writeSync(fd, bytes)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      bytes = bytes.subarray(0, bytes.length >> 1)
    }
  closeSync(fd)
}
