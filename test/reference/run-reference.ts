// The same random calls, by root and two users, on a directory of the host and on a mount, both through the
// kernel: with the write lease and without, for as long as is asked for.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { openTarget, type Target, targetMissing, targetName } from '../support/target.js'
import { compareMounts } from './compare.js'
import { openHostSubject } from './host-subject.js'
import { type KernelOperation, kernelOperation } from './kernel-operation.js'
import { nothingOpen, type Subject } from './subject.js'

const seed = Number(process.env.CASSFS_TEST_SEED ?? Date.now() % 2 ** 31)
const name = targetName()
const rootMissing = process.getuid?.() === 0 ? undefined : 'needs root: it becomes other users'
const skip = rootMissing ?? (await targetMissing(name)) ?? false
/** More than fit into any time. */
const runsMax = 1_000_000

/** Notes which calls did something. */
function counting(subject: Subject<KernelOperation>, done: Map<string, number>): typeof subject {
  return {
    ...subject,
    async run(one) {
      const outcome = await subject.run(one)
      const isDone = 'value' in outcome && outcome.value !== nothingOpen
      if (isDone) done.set(one.op, (done.get(one.op) ?? 0) + 1)
      return outcome
    },
  }
}

/** Two tests, one with the write lease and one without, of so many seconds each. */
export function testReference(seconds: number): void {
  for (const [how, flags] of [
    ['with the write lease', []],
    ['without it', ['-write_lease=off']],
  ] as const)
    describe(`a mount beside the host's file system, ${how}`, { skip }, () => {
      let target: Target | undefined
      before(async () => {
        target = await openTarget(name, name === 'cassfs' || name === 'cassandra' ? [...flags] : [])
      })
      after(() => target?.close())

      test(`answers as that does for ${seconds} s (seed ${seed})`, async (t) => {
        const calls = fc.array(kernelOperation, { minLength: 5, maxLength: 60 })
        const done = new Map<string, number>()
        await fc.assert(
          fc.asyncProperty(calls, async (operations) => {
            const host = openHostSubject()
            const mounted = openHostSubject(target?.dir)
            try {
              await compareMounts(host, counting(mounted, done), operations)
            } finally {
              await host.close()
              await mounted.close()
            }
          }),
          {
            seed,
            numRuns: runsMax,
            interruptAfterTimeLimit: seconds * 1000,
            markInterruptAsFailure: false,
            includeErrorInReport: true,
          },
        )
        t.diagnostic(`done: ${JSON.stringify(Object.fromEntries([...done].sort()))}`)
        for (const op of ['rename', 'setacl', 'map', 'copy', 'tmpfile'])
          assert.ok(seconds < 20 || done.has(op), `not one ${op} was done`)
      })
    })
}
