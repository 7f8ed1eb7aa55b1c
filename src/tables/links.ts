// Which names an inode has, in memory: the index beside the records. Nearly every inode has one name,
// so that one costs no collection; many names of one inode stay cheap to add and remove.

import type { Name } from '../volume/name.js'

export interface Link {
  readonly parent: number
  readonly name: Name
}

export class Links {
  readonly #links = new Map<number, Link | Map<string, Link>>()
  /** No inode that ever had a name here has a higher number. */
  highest = 0

  of(ino: number): Link[] {
    const links = this.#links.get(ino)
    if (!links) return []
    return links instanceof Map ? [...links.values()] : [links]
  }

  add(ino: number, parent: number, name: Name): void {
    if (ino > this.highest) this.highest = ino
    const links = this.#links.get(ino)
    if (links === undefined) this.#links.set(ino, { parent, name })
    else if (links instanceof Map) links.set(`${parent}/${name}`, { parent, name })
    else this.#links.set(ino, mapOf(links, { parent, name }))
  }

  remove(ino: number, parent: number, name: Name): void {
    const links = this.#links.get(ino)
    if (links instanceof Map) {
      links.delete(`${parent}/${name}`)
      if (links.size === 0) this.#links.delete(ino)
    } else if (links?.parent === parent && links.name === name) this.#links.delete(ino)
  }
}

function mapOf(...links: Link[]): Map<string, Link> {
  return new Map(links.map((link) => [`${link.parent}/${link.name}`, link]))
}
