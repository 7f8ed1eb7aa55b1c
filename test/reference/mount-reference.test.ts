// The same random calls, by root and two users, on a directory of the host and on a mount, both through
// the kernel.

import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { openTarget, type Target, targetMissing, targetName } from '../support/target.js'
import { compare } from './compare.js'
import { openHostSubject } from './host-subject.js'
import { operation } from './operation.js'

const seed = Number(process.env.CASSFS_TEST_SEED ?? Date.now() % 2 ** 31)
const runs = Number(process.env.CASSFS_TEST_RUNS ?? 15)
const name = targetName()
const rootMissing = process.getuid?.() === 0 ? undefined : 'needs root: it becomes other users'
const skip = rootMissing ?? (await targetMissing(name)) ?? false

let target: Target | undefined
before(async () => {
  if (!skip) target = await openTarget(name)
})
after(() => target?.close())

test(`a mount answers as the host's own file system does (seed ${seed})`, { skip }, async () => {
  const calls = fc.array(operation, { minLength: 5, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(calls, async (operations) => {
      const host = openHostSubject()
      const mounted = openHostSubject(target?.dir)
      try {
        await compare(host, mounted, operations)
      } finally {
        await host.close()
        await mounted.close()
      }
    }),
    { seed, numRuns: runs, includeErrorInReport: true },
  )
})
