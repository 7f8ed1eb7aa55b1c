// What the programs of one mount do to a volume: a random step at a time.

import type { Replica } from '../../src/replica/replica.js'
import type { Uuid } from '../../src/volume/record.js'
import type { SeededRandom } from './seeded-random.js'
import type { TimedIntent, TreeIntent } from './tree-rules.js'

const S_IFDIR = 0o040000

interface Host {
  readonly id: Uuid
  readonly replica: Replica<TimedIntent>
  change(intent: TreeIntent): Promise<number>
  token(): string
}

export class Program {
  readonly #mount: Host
  readonly #random: SeededRandom
  /** A file that is open. */
  #held: number | undefined
  #count = 0

  constructor(mount: Host, random: SeededRandom) {
    this.#mount = mount
    this.#random = random
  }

  /** Something by name; rejects with what it was answered. */
  async step(): Promise<void> {
    const random = this.#random
    const parent = this.#someDirectory()
    const kind = random.below(100)
    if (kind < 25) await this.#create(parent, this.#fileName(), kind < 20)
    else if (kind < 45) await this.#append(parent, 'append')
    else if (kind < 50) await this.#append(parent, 'overwrite')
    else if (kind < 60) await this.#replace(parent)
    else if (kind < 72) await this.#mount.change({ op: 'unlink', parent, name: this.#fileName() })
    else if (kind < 80) await this.#link(parent)
    else if (kind < 86) await this.#moveDirectory(parent)
    else if (kind < 91) await this.#mkdir(parent)
    else if (kind < 93)
      await this.#mount.change({ op: 'rmdir', parent, name: `d${random.below(4)}` })
    else await this.#several(parent)
  }

  /** Through an open file: nothing is looked at before. False: none is open. */
  async writeHeld(): Promise<boolean> {
    if (this.#held === undefined) return false
    await this.#mount.change({ op: 'append', ino: this.#held, text: this.#mount.token() })
    return true
  }

  #someDirectory(): number {
    const random = this.#random
    let at = 1
    for (let depth = 0; depth < 3 && random.chance(0.6); depth++) {
      const inside = this.#mount.replica
        .list(at, undefined, 100)
        .filter(({ type }) => type === S_IFDIR)
      if (inside.length === 0) break
      at = random.pick(inside).ino
    }
    return at
  }

  #someFile(parent: number): number | undefined {
    const files = this.#mount.replica
      .list(parent, undefined, 100)
      .filter(({ type }) => type !== S_IFDIR)
    return files.length > 0 ? this.#random.pick(files).ino : undefined
  }

  #fileName(): string {
    return `f${this.#random.below(8)}`
  }

  async #create(parent: number, name: string, exclusive: boolean): Promise<number> {
    const ino = await this.#mount.replica.allocateIno()
    return this.#mount.change({ op: 'create', parent, name, ino, exclusive })
  }

  async #mkdir(parent: number): Promise<void> {
    const ino = await this.#mount.replica.allocateIno()
    await this.#mount.change({ op: 'mkdir', parent, name: `d${this.#random.below(4)}`, ino })
  }

  async #append(parent: number, op: 'append' | 'overwrite'): Promise<void> {
    const ino = this.#someFile(parent)
    const text = op === 'overwrite' && this.#random.chance(0.5) ? '' : this.#mount.token()
    if (ino === undefined) return
    await this.#mount.change({ op, ino, text })
    this.#held = ino
  }

  /** As programs save: write beside it, rename over it. */
  async #replace(parent: number): Promise<void> {
    const name = `t${this.#mount.id.slice(0, 8)}-${this.#count++}`
    const ino = await this.#create(parent, name, true)
    await this.#mount.change({ op: 'append', ino, text: this.#mount.token() })
    const toName = this.#fileName()
    await this.#mount.change({ op: 'rename', parent, name, toParent: parent, toName })
  }

  async #link(parent: number): Promise<void> {
    const ino = this.#someFile(parent)
    const to = this.#someDirectory()
    if (ino !== undefined)
      await this.#mount.change({ op: 'link', ino, parent: to, name: this.#fileName() })
  }

  async #moveDirectory(parent: number): Promise<void> {
    const random = this.#random
    const [name, toName] = [`d${random.below(4)}`, `d${random.below(4)}`]
    const toParent = this.#someDirectory()
    await this.#mount.change({ op: 'rename', parent, name, toParent, toName })
  }

  /** Many changes of the same few names at once: what group commit has to put together. */
  async #several(parent: number): Promise<void> {
    const random = this.#random
    const name = this.#fileName()
    const inos = await Promise.all([
      this.#mount.replica.allocateIno(),
      this.#mount.replica.allocateIno(),
    ])
    const steps: TreeIntent[] = [
      { op: 'create', parent, name, ino: inos[0], exclusive: true },
      { op: 'append', ino: inos[0], text: this.#mount.token() },
      { op: 'unlink', parent, name },
      { op: 'create', parent, name, ino: inos[1], exclusive: true },
      { op: 'rename', parent, name, toParent: 1, toName: this.#fileName() },
      { op: 'create', parent, name, ino: inos[0], exclusive: false },
    ]
    const count = 1 + random.below(steps.length - 1)
    await Promise.allSettled(steps.slice(0, count).map((step) => this.#mount.change(step)))
  }
}
