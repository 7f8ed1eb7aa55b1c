/** Many small files, each of which says whether its close was answered: nothing of those may be missing. */
import { randomBytes } from 'node:crypto'
import { open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Errno } from '../../src/posix/errno.js'
import { createRandom } from '../support/tree.js'

const BYTES_MAX = 60_000

export interface SmallFile {
  readonly name: string
  readonly content: Buffer
  /** What open, write or close said; undefined: all went well. */
  error?: string | undefined
  /** How long all of that took. */
  tookMs: number
}

export class SmallFiles {
  readonly #random: (n: number) => number
  readonly all: SmallFile[] = []
  #count = 0

  constructor(seed: number) {
    this.#random = createRandom(seed)
  }

  get answered(): SmallFile[] {
    return this.all.filter(({ error }) => error === undefined)
  }

  get refused(): SmallFile[] {
    return this.all.filter(({ error }) => error !== undefined)
  }

  /** One more, of bytes that cannot be compressed. */
  async write(dir: string, bytes = 1 + this.#random(BYTES_MAX)): Promise<SmallFile> {
    const content = randomBytes(bytes)
    const file: SmallFile = { name: `f${this.#count++}`, content, tookMs: 0 }
    this.all.push(file)
    const beganMs = performance.now()
    file.error = await errorOf(() => writeWhole(join(dir, file.name), content))
    file.tookMs = performance.now() - beganMs
    return file
  }

  async remove(dir: string, file: SmallFile): Promise<string | undefined> {
    const error = await errorOf(() => unlink(join(dir, file.name)))
    if (!error) this.all.splice(this.all.indexOf(file), 1)
    return error
  }

  /** Those that were answered, and are not there as they were written. */
  async missing(dir: string): Promise<string[]> {
    const missing: string[] = []
    for (const { name, content } of this.answered) {
      const found = await readFile(join(dir, name)).catch((error) => String(error))
      if (typeof found === 'string') missing.push(`${name}: ${found}`)
      else if (!found.equals(content)) missing.push(`${name}: ${found.length} other bytes`)
    }
    return missing
  }
}

async function writeWhole(path: string, content: Buffer): Promise<void> {
  const handle = await open(path, 'w')
  try {
    await handle.writeFile(content)
  } catch (error) {
    await handle.close().catch(() => {})
    throw error
  }
  await handle.close()
}

async function errorOf(task: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await task()
    return undefined
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException
    return errno === -Errno.EDQUOT ? 'EDQUOT' : (code ?? String(error)) // Node does not know that one
  }
}
