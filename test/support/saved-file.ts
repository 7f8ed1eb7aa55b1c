// A file of the content layer as tests write it: changes go to a spool, and are saved on whatever is
// committed then.

import type { ContentStore, SaveResult, Stored } from '../../src/content/content.js'
import type { Spool } from '../../src/content/spool.js'

export class SavedFile {
  committed: Stored = { content: { kind: 'none' }, size: 0 }
  readonly content: ContentStore

  constructor(content: ContentStore) {
    this.content = content
  }

  /** Saves everything in `spool` on the newest content, and commits it. */
  async save(spool: Spool): Promise<SaveResult> {
    const snapshot = spool.cut()
    const result = await this.content.save(this.committed, snapshot)
    this.committed = { content: result.content, size: result.size }
    spool.saved(snapshot, result)
    return result
  }

  /** The committed bytes. */
  async bytes(offset = 0, length = this.committed.size): Promise<Buffer> {
    return Buffer.concat(await this.content.read(this.committed, offset, length))
  }

  async text(): Promise<string> {
    return (await this.bytes()).toString('latin1').replaceAll('\0', '.')
  }
}
