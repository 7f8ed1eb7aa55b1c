// One file and two spools over it, as two mounts have it. Texts; dots are zeros.

import { createSpool } from '../../src/content/create-spool.js'
import { openContentStore } from '../../src/content/open-content-store.js'
import { readThrough } from '../../src/content/overlay.js'
import type { Spool } from '../../src/content/spool.js'
import { owner, TestBlockStore } from './block-store.js'
import { memoryStorage } from './content-fixture.js'
import { SavedFile } from './saved-file.js'

const storage = memoryStorage()

/** Two spools over one file, as of two mounts. */
export class TwoWriters {
  readonly file = new SavedFile(openContentStore({ store: new TestBlockStore(), owner }))
  readonly a = createSpool(storage)
  readonly b = createSpool(storage)

  static async with(text: string): Promise<TwoWriters> {
    const both = new TwoWriters()
    both.write(both.a, 0, text)
    await both.file.save(both.a)
    return both
  }

  write(spool: Spool, offset: number, text: string): number {
    return spool.write(offset, Buffer.from(text), this.file.committed.size)
  }

  append(spool: Spool, text: string): number {
    return spool.write(0, Buffer.from(text), this.file.committed.size, true)
  }

  async seen(spool: Spool): Promise<string> {
    const { content, committed } = this.file
    const bytes = await readThrough(content, spool, committed, 0, 1_000_000)
    return Buffer.concat(bytes).toString('latin1').replaceAll('\0', '.')
  }
}
