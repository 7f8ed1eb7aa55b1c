/** The rows of an embedded store that nobody has open, to be damaged by hand. */
import { type Database, open } from 'lmdb'
import { recordKey } from '../../src/tables/lmdb-keys.js'
import type { Inode } from '../../src/volume/inode.js'
import { decodeDirent, encodeDirent } from '../../src/volume/inode-codec.js'
import { RecordKind } from '../../src/volume/record.js'

const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const
type Rows = Database<Buffer, Buffer>

export class RawStore {
  /** 16 bytes each. */
  readonly volume: Buffer
  readonly owner: Buffer
  readonly #open: (name: string) => Rows

  constructor(volume: string, owner: string, openRows: (name: string) => Rows) {
    this.volume = Buffer.from(volume.replaceAll('-', ''), 'hex')
    this.owner = Buffer.from(owner.replaceAll('-', ''), 'hex')
    this.#open = openRows
  }

  rows(name: 'records' | 'links' | 'volumes' | 'blocks' | 'ledger' | 'trails' | 'meta'): Rows {
    return this.#open(name)
  }

  key(kind: number, parent: number, name = ''): Buffer {
    return recordKey(this.volume, kind, parent, name)
  }

  /** Of the owner's. */
  blockKey(hash: string): Buffer {
    return Buffer.concat([this.owner, Buffer.from(hash, 'hex')])
  }

  value(kind: number, parent: number, name = ''): Buffer {
    const value = this.rows('records').getBinary(this.key(kind, parent, name))
    if (!value) throw new Error(`there is no record ${kind}/${parent}/${name}`)
    return value
  }

  put(kind: number, parent: number, name: string, value: Uint8Array): void {
    this.rows('records').putSync(this.key(kind, parent, name), Buffer.from(value))
  }

  remove(kind: number, parent: number, name = ''): void {
    this.rows('records').removeSync(this.key(kind, parent, name))
  }

  /** The attributes in an entry, changed. */
  change(parent: number, name: string, change: Partial<Inode>): void {
    const inode = { ...this.inode(parent, name), ...change }
    const dirent = { ino: inode.ino, type: inode.mode & 0o170000 }
    this.put(RecordKind.dirent, parent, name, encodeDirent(dirent, inode))
  }

  inode(parent: number, name: string): Inode {
    const { inode } = decodeDirent(this.value(RecordKind.dirent, parent, name))
    if (!inode) throw new Error(`${name} only points to its inode`)
    return inode
  }

  ino(parent: number, name: string): number {
    return decodeDirent(this.value(RecordKind.dirent, parent, name)).ino
  }

  /** The block that a file has its bytes in, or its manifest. */
  hashOf(parent: number, name: string): string {
    const { content } = this.inode(parent, name)
    if (content.kind !== 'block' && content.kind !== 'manifest') throw new Error(`${name} has none`)
    return content.hash
  }
}

/** Opens the store in `directory`, lets it be damaged, closes it. */
export async function damageStore(
  directory: string,
  identity: { readonly volume: string; readonly owner: string },
  damage: (raw: RawStore) => void,
): Promise<void> {
  const root = open<Buffer, Buffer>({ path: directory, noSubdir: false, maxDbs: 16, ...bytes })
  const opened = new Map<string, Rows>()
  const rowsOf = (name: string): Rows => {
    const rows = opened.get(name) ?? root.openDB<Buffer, Buffer>({ name, ...bytes })
    opened.set(name, rows)
    return rows
  }
  try {
    damage(new RawStore(identity.volume, identity.owner, rowsOf))
  } finally {
    await root.close()
  }
}
