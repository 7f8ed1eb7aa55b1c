/** What another mount of the same volume does around a kill: it has to bring over what the dead one answered. */
import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Target } from '../support/target.js'

/** When the other mount opens the volume: behind the kill, or it has had it open all the time. */
export const ORDERS = ['after', 'killed too', 'before'] as const
export type Order = (typeof ORDERS)[number]

export interface OtherMount {
  readonly dir: string
  /** Before the writers begin. */
  begin(order: Order): Promise<void>
  /** Behind the kill, before the killed mount is there again: from now on all that it answered is shown. */
  carryOn(order: Order): Promise<void>
  end(order: Order): Promise<void>
}

export function openOtherMount(target: Target): OtherMount {
  const other = target.another?.()
  assert.ok(other, `${target.name} has only one mount`)
  return {
    dir: other.dir,
    begin: async (order) => {
      if (order === 'before') await other.mount()
    },
    carryOn: async (order) => {
      if (order === 'killed too') {
        // It has just begun to commit what it has found, or has not yet.
        await other.mount()
        await other.kill()
      }
      if (order !== 'before') await other.mount()
      // It had seen only what was committed: to write it needs the lease, and with that comes the journal.
      else appendFileSync(join(other.dir, 'others'), 'x')
    },
    end: () => other.unmount(),
  }
}
