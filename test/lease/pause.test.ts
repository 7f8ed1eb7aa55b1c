/** A holder that stands still, shorter and longer than the other waits for it; more of it in pause.e2e.ts. */
import { describe, test } from 'node:test'
import { targetMissing } from '../support/target.js'
import { openLeaseMounts } from './lease-mounts.js'
import { pauseHolder } from './paused-holder.js'

const skip = (await targetMissing('cassfs')) ?? false

// Each on a store of its own: they only wait beside one another.
describe('a holder that stands still while another mount writes', { skip, concurrency: 2 }, () => {
  for (const seconds of [5, 11])
    test(`for ${seconds} s: the other goes on, and nothing is lost unsaid`, async (t) => {
      const mounts = openLeaseMounts()
      t.after(() => mounts.close())
      t.diagnostic(JSON.stringify(await pauseHolder(mounts, seconds * 1000)))
    })
})
