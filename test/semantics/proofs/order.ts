/** What proves the sentences of "Exactly once, in one order" in docs/SEMANTICS.md. */
import type { Proofs } from '../proofs.js'

export const order: Proofs = {
  'A change is seen whole or not at all: name, size, times and content of one change appear together.':
    [
      [
        'test/semantics/several-mounts.test.ts',
        'a file that is written anew, in place or by rename, is seen whole on the other mount',
      ],
      [
        'src/vfs/saves.test.ts',
        'attributes set along with unsaved bytes are committed with them, once',
      ],
    ],
  "Every change is applied exactly once, at one place in the volume's order; the order of one mount's changes is the order everybody sees.":
    [
      [
        'test/simulation/run-scenarios.ts',
        'every acknowledged change exactly once, all copies equal: …',
      ],
      [
        'test/simulation/on-cassandra.test.ts',
        'replicas that contend on Cassandra do everything once and agree',
      ],
    ],
  'A time-out is not an answer: what became of a change is decided by the log before the next one is sent, and nothing comes back later as a ghost.':
    [
      [
        'test/simulation/run-scenarios.ts',
        'every acknowledged change exactly once, all copies equal: …',
      ],
      ['src/replica/settle.test.ts', 'an unknown commit is sent again as it was, and counts once'],
      [
        'src/replica/settle.test.ts',
        'what stays unknown is EIO after 15 s, then void, and a late ghost does nothing',
      ],
    ],
  '`O_CREAT|O_EXCL`, `mkdir`, `link`, `symlink` and `RENAME_NOREPLACE` are exclusive over all mounts.':
    [
      [
        'test/semantics/several-mounts.test.ts',
        'O_CREAT|O_EXCL, mkdir, link and symlink: of two mounts at once exactly one makes it',
      ],
      [
        'src/vfs/two-mounts.test.ts',
        'RENAME_NOREPLACE is exclusive, RENAME_EXCHANGE swaps, over two mounts',
      ],
    ],
  '`rename` is atomic, also across directories, over an existing target, and for directories.': [
    [
      'test/semantics/several-mounts.test.ts',
      'a name that another file, or another directory, is renamed over is never missing',
    ],
    ['test/store-contract/commits.ts', 'an entry of 500 names is one step'],
    [
      'src/vfs/two-mounts.test.ts',
      'directories renamed into each other by two mounts never make a circle',
    ],
  ],
  'Two mounts writing one file: each save lays the ranges that were written on the newest content; `O_APPEND` writes go to its newest end; a save that began with `O_TRUNC` replaces the file whole.':
    [
      ['src/vfs/two-mounts.test.ts', 'two mounts that write different ranges of a file keep both'],
      [
        'src/vfs/two-mounts.test.ts',
        'lines that two mounts append to one log are all there, each whole',
      ],
      [
        'src/content/two-writers.test.ts',
        'only the first save after a truncation to nothing replaces the file whole',
      ],
    ],
}
