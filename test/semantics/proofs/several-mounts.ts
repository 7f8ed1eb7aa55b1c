/** What proves the sentences of "Several mounts of one environment" in docs/SEMANTICS.md. */
import type { Proofs } from '../proofs.js'

export const severalMounts: Proofs = {
  'What was written before `close` or `fsync` returned is seen by every `open` that starts later on the same mount, and on another mount after at most `entry_ttl` (1 s by default).':
    [
      [
        'src/vfs/two-mounts.test.ts',
        'what one mount closed the other opens, after following the log (seed …)',
      ],
      [
        'src/replica/follow.test.ts',
        "another's change shows within the entry lifetime, without being asked for",
      ],
      [
        'test/mount/two-mounts.test.ts',
        'an open file follows an in-place write, in bytes and in size',
      ],
    ],
}
