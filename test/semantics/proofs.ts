/**
 * Which tests prove which sentence of docs/SEMANTICS.md. A sentence stands here word for word, so that who
 * changes it looks at its tests; test/tidy compares both, and looks for the tests.
 */
import { answers } from './proofs/answers.js'
import { failures } from './proofs/failures.js'
import { oneMount } from './proofs/one-mount.js'
import { order } from './proofs/order.js'
import { severalMounts } from './proofs/several-mounts.js'
import { writeLease } from './proofs/write-lease.js'

/** A file of tests, and the name of one of them; … stands for what is put in when it runs. */
export type Proof = readonly [file: string, test: string]

/** By sentence. */
export type Proofs = Readonly<Record<string, readonly Proof[]>>

/** By the heading of the section that the sentences stand in. */
export const proofs: Readonly<Record<string, Proofs>> = {
  'One mount': oneMount,
  'Which call is answered when': answers,
  'Exactly once, in one order': order,
  'Several mounts of one environment': severalMounts,
  'The write lease (`write_lease=off` does without)': writeLease,
  'When things fail': failures,
}
