/** What proves the sentences of "One mount" in docs/SEMANTICS.md. */
import type { Proofs } from '../proofs.js'

export const oneMount: Proofs = {
  'One mount behaves as a local POSIX file system.': [
    ['test/reference/run-reference.ts', 'answers as that does for … s (seed …)'],
    ['test/e2e/suites.e2e.ts', 'pjdfstest'],
    ['test/e2e/suites.e2e.ts', 'fsx -N … -S …'],
  ],
  "Modes, owners, umask, set-id and sticky bits, link counts and times, of directories too, are kept, checked and changed as on the host's own file system.":
    [
      ['test/reference/run-reference.ts', 'answers as that does for … s (seed …)'],
      [
        'src/vfs/attributes.test.ts',
        'ctime never runs backwards, however often an inode changes within one tick of the clock',
      ],
    ],
  'Hard and symbolic links, fifos, sockets and devices are what they are on a local disk.': [
    ['test/semantics/one-mount.test.ts', 'hard and symbolic links, fifos, sockets and devices'],
  ],
  'A file that is unlinked while open, or that another is renamed over, stays whole for who has it open.':
    [
      [
        'test/semantics/one-mount.test.ts',
        'a file that lost its name stays whole for who has it open',
      ],
    ],
  '`RENAME_NOREPLACE` answers EEXIST where there is something, and `RENAME_EXCHANGE` swaps.': [
    ['test/semantics/one-mount.test.ts', 'RENAME_NOREPLACE and RENAME_EXCHANGE'],
  ],
  '`O_APPEND`, `O_TRUNC`, `O_EXCL` and `O_TMPFILE` do what open(2) says.': [
    ['test/semantics/one-mount.test.ts', 'O_APPEND, O_TRUNC, O_EXCL and O_TMPFILE'],
  ],
  'Sparse files have holes for `SEEK_HOLE` and `SEEK_DATA`; `fallocate` makes and punches them, `copy_file_range` copies.':
    [['test/semantics/one-mount.test.ts', 'holes, fallocate and copy_file_range']],
  'What is written through a shared mapping is read by everybody; through a private one by nobody else.':
    [['test/semantics/one-mount.test.ts', 'shared and private mappings']],
  'Extended attributes have up to 64 KiB each.': [
    ['test/semantics/one-mount.test.ts', 'extended attributes of 64 KiB'],
  ],
  '`flock`, `fcntl` and OFD locks exclude each other within the mount; the kernel keeps them.': [
    [
      'test/semantics/one-mount.test.ts',
      'flock, fcntl and OFD locks exclude each other, and ask nothing of the mount',
    ],
  ],
  '`statfs` shows the quota, cut to the disk under the store, and 1 PiB where there is neither.': [
    ['src/vfs/limits.test.ts', 'statfs shows the quota, cut to the disk; without both, 1 PiB'],
  ],
  'Names are any bytes but `/` and NUL, up to 255 of them.': [
    ['test/semantics/one-mount.test.ts', 'names of any bytes, up to 255'],
  ],
}
