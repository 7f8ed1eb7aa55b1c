/** What proves the sentences of "The write lease (`write_lease=off` does without)" in docs/SEMANTICS.md. */
import type { Proofs } from '../proofs.js'

export const writeLease: Proofs = {
  "A mount that commits one change after the other, and sees no other mount do so, asks for the volume's write lease with its next commit.":
    [
      [
        'test/semantics/write-lease.test.ts',
        'who commits one change after the other asks for the lease with the next; who is not alone does not',
      ],
    ],
  'While it has it, its changes are answered as soon as they stand in its journal, `<statedir>/journal`, and committed behind, many at a time.':
    [
      [
        'test/cli/write-lease.test.ts',
        'the only writer is answered before its commits, which take many changes each',
      ],
      [
        'src/vfs/early-answers.test.ts',
        'names, attributes and small files are answered in the tick of the call',
      ],
    ],
  'Another mount that wants to write asks for the lease.': [
    ['test/cli/write-lease.test.ts', 'another mount that writes gets the lease back at once'],
  ],
  'The holder commits what it has answered, gives the lease back, and both go on as without it.': [
    ['test/cli/write-lease.test.ts', 'another mount that writes gets the lease back at once'],
    ['test/lease/fight.e2e.ts', 'both finish, and nothing is lost'],
  ],
  'A mount that makes no change for 5 s gives it back by itself.': [
    [
      'test/semantics/write-lease.test.ts',
      'a mount that makes no change for 5 s gives the lease back by itself',
    ],
  ],
  'A holder that is stopped or cut off answers nothing early after 8 s, and after 10 s the other mount takes the lease and goes on.':
    [
      [
        'test/cli/write-lease.test.ts',
        'a holder that stands still loses it, and notices before it answers',
      ],
      ['test/lease/pause.e2e.ts', 'for … s: the other goes on, and nothing is lost unsaid'],
    ],
  'What the holder had answered and not yet committed is committed when it comes back, unless the same has been changed meanwhile: then it is lost, which fsync, close and `cassfs status` tell, and goes to rescue.':
    [
      ['test/lease/pause.e2e.ts', 'for … s: the other goes on, and nothing is lost unsaid'],
      ['src/rescue/lost-answers.test.ts', 'an answer that is lost and told is kept once'],
    ],
  'A mount that is killed loses nothing: the next one on this machine that may write carries its journal on before its first answer, with or without `write_lease=off`.':
    [
      [
        'test/cli/write-lease.test.ts',
        'a killed mount has lost nothing, and the next one carries its journal on',
      ],
      [
        'test/crash/run-kill-rounds.ts',
        '… kills of a mount on ……: nothing acknowledged is lost (seed …)',
      ],
      [
        'test/semantics/lease-flags.test.ts',
        'a mount with write_lease=off carries the journal of a killed one on',
      ],
    ],
  'A power cut may take the last second of what fsync had not acknowledged, but never an earlier change of it without the later ones.':
    [
      [
        'test/power-cut/run-power-cuts.ts',
        '… power cuts take nothing that was sure, and leave nothing half (seed …)',
      ],
      [
        'src/journal/journal-folder.test.ts',
        'what was cleared is not read behind later records, also where a power cut has lost their end',
      ],
      [
        'src/replica/early-answers.test.ts',
        'behind a record that was torn nothing is believed, though it is committed itself',
      ],
    ],
  'At most 64 MiB and one second of changes are answered and not committed; beyond that calls wait for the commit, and so does the save of a file of more than 4 MiB, or of a change within one of more than 256 KiB.':
    [
      [
        'test/semantics/write-lease.test.ts',
        '64 MiB that are not committed let nothing more be answered early',
      ],
      [
        'test/semantics/write-lease.test.ts',
        'what is a second old and not committed lets nothing more be answered early',
      ],
      ['src/vfs/early-answers.test.ts', 'a save …'],
      [
        'test/semantics/answers.test.ts',
        'a change within a file of more than 256 KiB is committed, one within a smaller file journaled',
      ],
    ],
  'Calls wait also where the journal cannot be written, and what takes room does where less than 16 MiB and twice what is not committed is free on the disk of the state folder, or where an embedded store has not kept enough of its disk aside for all that is not committed.':
    [
      [
        'test/lease/full-disk.e2e.ts',
        'the journal alone: what does not fit waits for its commit, and nothing fails',
      ],
      [
        'src/vfs/early-answers-limits.test.ts',
        'what makes something is not answered early where the disk is nearly full; what removes is',
      ],
      [
        'src/vfs/early-answers-limits.test.ts',
        'what the store keeps room for bounds what is answered early: by its bytes, not by its number',
      ],
    ],
  '`durability=close` has every close wait for the commit; fsync does in any case.': [
    ['test/semantics/answers.test.ts', 'with durability=close every close is committed'],
    [
      'test/semantics/answers.test.ts',
      'fsync and fsyncdir are committed, with every change before them',
    ],
  ],
  'A mount with `entry_ttl=0` never has it, and takes it from others: at each open it asks the holder to commit what it has answered, and to give the lease back, before it answers itself.':
    [
      [
        'src/vfs/early-answers.test.ts',
        'a mount with entry_ttl=0 sees what was answered early when it opens a file, or misses a name',
      ],
      ['test/semantics/lease-flags.test.ts', 'a mount with entry_ttl=0 never has the lease'],
    ],
}
