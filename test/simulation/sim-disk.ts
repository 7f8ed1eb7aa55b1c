// A disk of one simulated machine: the copy of a volume that was kept on it is there for the next mount,
// as it was when the last one ended, however it ended.

import type { Copies } from '../../src/tables/copies.js'
import { MemoryTables } from '../../src/tables/memory-tables.js'
import type { WritableTables } from '../../src/tables/tables.js'

export class SimDisk {
  #kept: WritableTables | undefined

  /** What one mount on this machine has of it. */
  copies(): Copies {
    let isClosed = false
    /** What a closed mount still writes does not reach the disk. */
    const closable = (tables: WritableTables): WritableTables =>
      new Proxy(tables, {
        get(target, name) {
          if (isClosed && (name === 'apply' || name === 'load')) return () => {}
          const value = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    const wrapped = new Map<WritableTables, WritableTables>()
    const open = (tables: WritableTables): WritableTables => {
      const proxy = closable(tables)
      wrapped.set(proxy, tables)
      return proxy
    }
    return {
      kept: () => this.#kept && open(this.#kept),
      create: () => open(new MemoryTables()),
      keep: (tables) => {
        if (!isClosed) this.#kept = wrapped.get(tables)
      },
      drop() {},
      async close() {
        isClosed = true
      },
    }
  }
}
