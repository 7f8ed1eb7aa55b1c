/** What proves the sentences of "When things fail" in docs/SEMANTICS.md. */
import type { Proofs } from '../proofs.js'

export const failures: Proofs = {
  'The store does not answer: reads of what is here go on; what is not here fails with EIO within a bounded time; changes, writes to a file among them, fail with EIO within 15 s, at once when the outage is known.':
    [
      [
        'test/lease/outage.e2e.ts',
        'reads go on, changes fail, and all that was answered is committed when it is back',
      ],
      [
        'src/vfs/early-answers-limits.test.ts',
        'with the store known to be out of reach, writes fail at once, and reads go on',
      ],
      [
        'src/content/content-faults.test.ts',
        'a store that does not answer is EIO, and nothing of that is kept',
      ],
      [
        'src/replica/settle.test.ts',
        'what stays unknown is EIO after 15 s, then void, and a late ghost does nothing',
      ],
    ],
  'Nothing ever reads as empty or missing because a query failed.': [
    [
      'test/cluster/cassandra-outage.e2e.ts',
      'nothing reads as absent or empty while the store does not answer',
    ],
    [
      'src/replica/follow.test.ts',
      'a listing of the log that fails is EIO for who asked, and nothing is taken for gone',
    ],
  ],
  "The time for which a mount's process itself stands still (SIGSTOP, a frozen container) does not count: what was under way goes on with it.":
    [
      ['test/lease/pause.e2e.ts', 'for 17 s without the write lease: no change fails'],
      [
        'src/replica/running-time.test.ts',
        'a caller whose process stands still has the rest of its time behind that',
      ],
    ],
  'The mount is killed: what close or fsync had acknowledged is there when it is mounted again.': [
    [
      'test/crash/run-kill-rounds.ts',
      '… kills of a mount on ……: nothing acknowledged is lost (seed …)',
    ],
  ],
  'A block whose bytes do not match its name is fetched again, then EIO: it is never handed out.': [
    [
      'src/content/content-faults.test.ts',
      'a damaged block is asked for again, and read if another copy is right',
    ],
    [
      'src/content/content-faults.test.ts',
      'a block that stays damaged is EIO and never handed out; …',
    ],
  ],
  'A disk that is full under the embedded store: ENOSPC to whoever writes; `rm` still works, and what was answered early is stored, also when another program has filled the disk.':
    [
      [
        'test/lease/full-disk.e2e.ts',
        'the store alone: who writes gets ENOSPC, rm works, and it goes on',
      ],
      [
        'test/lease/full-disk.e2e.ts',
        'another program takes the rest of the disk behind answers: nothing waits for it',
      ],
    ],
  'A quota of bytes or inodes that is used up: EDQUOT, and where several mounts write at once all of them together never exceed it.':
    [
      [
        'test/lease/quota.test.ts',
        'of bytes: EDQUOT at write or close, exactly when it is used up; rm makes room',
      ],
      ['test/lease/quota.test.ts', 'of inodes: EDQUOT at creat, exactly when it is used up'],
      [
        'test/lease/quota.test.ts',
        'of bytes, two mounts that write at once: their sum never exceeds it by a byte',
      ],
      [
        'test/lease/quota.test.ts',
        'of inodes, two mounts that write at once: their sum never exceeds it by one',
      ],
    ],
  'A process of a mount that has no descriptor left: EMFILE to whoever needs one; all else goes on.':
    [
      [
        'test/lease/scarce.e2e.ts',
        'of descriptors: EMFILE to whoever needs one, all else goes on, each is said once',
      ],
    ],
  'What was removed from an embedded store makes room for others within a minute; its file does not get smaller.':
    [
      ['test/e2e/space.e2e.ts', 'a minute after rm -rf the store holds what it held before'],
      [
        'src/tables/block-ledger.test.ts',
        'a block that was named and is named no more goes with the sweep, not an hour after its upload',
      ],
    ],
  "What could not be stored is reported **and** kept in `<statedir>/rescue`: the bytes of a file, as programs saw it, whose last close could not save them; what the write lease's holder had answered and lost.":
    [
      [
        'src/rescue/rescue.test.ts',
        'is kept with exactly the bytes and attributes that programs saw',
      ],
      [
        'src/rescue/rescue.test.ts',
        'a small file is kept from its own save, with the path of its lost making',
      ],
    ],
  'Journals that cannot be carried on whole are kept there too.': [
    [
      'src/journal/journal-folder.test.ts',
      'cut short anywhere, what comes before is read, and the file is kept aside',
    ],
    ['test/cli/rescue.test.ts', 'is in rescue, in status, and goes back where it was'],
  ],
  '`cassfs rescue list` shows them, `cassfs rescue restore ID` puts a file back, never over another.':
    [
      ['test/cli/rescue.test.ts', 'is listed, names and reasons escaped'],
      [
        'test/cli/rescue.test.ts',
        'is restored with mode and time, never over a file, and asks where to when it must',
      ],
    ],
  'Where old blocks cannot be read, the new bytes are kept and the gaps named.': [
    [
      'src/rescue/rescue.test.ts',
      'whose stored blocks cannot be read is kept in parts, which says what is missing',
    ],
  ],
  'Rescue holds up to 1 GiB for each environment (`rescue_size`); what does not fit is refused with an error in the log, and nothing older goes.':
    [
      ['src/rescue/rescue.test.ts', 'that does not fit at all is refused, and the log says so'],
      [
        'src/rescue/rescue-folder.test.ts',
        'a full folder refuses what is new, and keeps what is old',
      ],
      ['src/config/load-config.test.ts', 'without anything given every option has its default'],
    ],
  'What the mount of a killed process had unsaved, and no close or fsync had acknowledged, is not in rescue.':
    [
      [
        'test/semantics/failures.test.ts',
        'what nobody had acknowledged is gone with a killed mount, and not in rescue',
      ],
    ],
  'A signal interrupts waits that changed nothing; a change is never answered EINTR.': [
    [
      'test/semantics/failures.test.ts',
      'a change that waits for its commit is never answered EINTR',
    ],
    ['src/vfs/locks.test.ts', 'an interrupted wait is EINTR and takes nothing'],
  ],
}
