/** What proves the sentences of "Which call is answered when" in docs/SEMANTICS.md. */
import type { Proofs } from '../proofs.js'

export const answers: Proofs = {
  "_Memory_: at once, from this mount's replica, cache or spool; a read of bytes that are not here waits for the store.":
    [
      [
        'test/semantics/answers.test.ts',
        'lookup, stat, access, readlink, readdir, getxattr, listxattr and statfs ask nothing of the store',
      ],
      ['src/content/content-faults.test.ts', 'many who read one file make one load of each block'],
    ],
  '_Journaled_: when the change stands in a local file of this process, which outlives the process; it is committed within about a second.':
    [
      [
        'test/cli/write-lease.test.ts',
        'a killed mount has lost nothing, and the next one carries its journal on',
      ],
      [
        'test/semantics/write-lease.test.ts',
        'what is a second old and not committed lets nothing more be answered early',
      ],
    ],
  'A call is journaled only while this mount is the only one that writes (it holds the write lease); else, with `write_lease=off`, and where that does not hold at the moment of the call, read _committed_.':
    [
      [
        'test/semantics/answers.test.ts',
        'without the write lease, and where the disk has no room for the journal, what is journaled else is committed',
      ],
    ],
  "_Committed_: when the change is an entry of the volume's log in the store: on disk in the embedded store, at LOCAL_QUORUM on Cassandra.":
    [
      ['test/store-contract/lmdb-crash.test.ts', 'what was acknowledged survives kill -9, … times'],
      [
        'src/store/cassandra/replicas.test.ts',
        'when the node of a volume pauses, the next one takes over and keeps the commits',
      ],
      ['src/config/load-config.test.ts', 'without anything given every option has its default'],
    ],
  'Other mounts see a committed change at their next poll.': [
    [
      'src/replica/follow.test.ts',
      "another's change shows within the entry lifetime, without being asked for",
    ],
  ],
  'The first mount of a volume with more than 10,000 files on Cassandra is there at once and loads behind.':
    [
      [
        'test/semantics/large-volume.test.ts',
        'a volume of more than 10,000 files is there before it is loaded, a smaller one is not',
      ],
      [
        'src/replica/load-behind.test.ts',
        'the rest is loaded behind, through pages that fail, while others go on',
      ],
    ],
  'Until everything has come, a call that needs a directory which has not waits for that directory; EIO after 15 s.':
    [
      [
        'src/replica/load-behind.test.ts',
        'what is not loaded yet is neither there nor absent until its directory is asked for',
      ],
      [
        'src/replica/load-behind.test.ts',
        'a directory that cannot be loaded is EIO, and at once while the store does not answer',
      ],
      [
        'src/replica/load-behind-races.test.ts',
        'nobody waits longer for everything than for a change',
      ],
    ],
  'Later mounts on the same machine go on from what was loaded.': [
    ['src/replica/kept-copy.test.ts', 'a restart reads the log since, and not one record'],
    [
      'test/cli/cassandra.test.ts',
      'what a mount has loaded is there for the next one, also when it was killed',
    ],
  ],
  '| lookup, stat, access, readlink, readdir, getxattr, listxattr, statfs | names, permissions | memory | - |':
    [
      [
        'test/semantics/answers.test.ts',
        'lookup, stat, access, readlink, readdir, getxattr, listxattr and statfs ask nothing of the store',
      ],
    ],
  '| open without `O_TRUNC`, read, lseek | permissions; each block against its hash | memory | - |':
    [
      [
        'test/semantics/answers.test.ts',
        'open without O_TRUNC, read and lseek are answered from memory',
      ],
      [
        'src/content/content-faults.test.ts',
        'a damaged block is asked for again, and read if another copy is right',
      ],
    ],
  '| write | open for writing, size limit; that the store is not known to be out of reach | memory (the spool) | with the save |':
    [
      [
        'test/semantics/answers.test.ts',
        'write, by a call or from a mapping, goes to the spool; others see it with the save',
      ],
      [
        'src/vfs/limits.test.ts',
        'handles that are not open are EBADF, and so is the wrong direction',
      ],
      ['src/vfs/sparse.test.ts', 'a file ends at 1 TiB'],
      [
        'src/vfs/early-answers-limits.test.ts',
        'with the store known to be out of reach, writes fail at once, and reads go on',
      ],
    ],
  '| write with `O_SYNC` or `O_DSYNC` | as write | committed, with every change before it | - |': [
    [
      'test/mount/write-only-handles.test.ts',
      'with O_SYNC or O_DSYNC has each write in the store before it returns',
    ],
  ],
  '| writes from a mapping | - | memory (the spool) | with the save |': [
    [
      'test/semantics/answers.test.ts',
      'write, by a call or from a mapping, goes to the spool; others see it with the save',
    ],
  ],
  '| create, mkdir, mknod, symlink, link, unlink, rmdir, rename | everything POSIX asks, quota, against the volume as it is at the answer | journaled | after the commit |':
    [
      [
        'test/semantics/answers.test.ts',
        'create, mkdir, mknod, symlink, link, unlink, rmdir and rename are journaled, and seen after the commit',
      ],
      ['src/vfs/limits.test.ts', 'a quota of inodes is EDQUOT at the create'],
      [
        'src/replica/settle.test.ts',
        'a race that was lost is checked again: the errno may be another now',
      ],
    ],
  '| link of a file made with `O_TMPFILE` | the same | committed | after the commit |': [
    ['test/semantics/answers.test.ts', 'a link of a file made with O_TMPFILE is committed'],
  ],
  '| chmod, chown, utimens of a file with unsaved bytes | permissions | memory; committed with the bytes, within a second | with the save |':
    [
      [
        'test/semantics/answers.test.ts',
        'chmod, chown and utimens of a file with unsaved bytes are in memory, and seen with the save',
      ],
      [
        'src/vfs/saves.test.ts',
        'attributes set on unsaved bytes do not wait for the age of the bytes',
      ],
    ],
  '| chmod, chown, utimens of any other; setxattr, removexattr | permissions, limits | journaled; attributes of more than 4 KiB together: committed | after the commit |':
    [
      [
        'test/semantics/answers.test.ts',
        'chmod, chown, utimens of any other, setxattr and removexattr are journaled; large attributes committed',
      ],
      [
        'src/vfs/attributes.test.ts',
        'a value of 64 KiB is kept, one byte more is E2BIG, several of them lie side by side',
      ],
    ],
  '| truncate, open with `O_TRUNC`, fallocate, copy_file_range | size limit, quota; that the store is not known to be out of reach | as close; by who has the file open for writing: memory, saved with what follows | with the save |':
    [
      [
        'test/semantics/answers.test.ts',
        'truncate, O_TRUNC, fallocate and copy_file_range are journaled alone, in memory by a writer',
      ],
      ['src/vfs/sparse.test.ts', 'a file ends at 1 TiB'],
      [
        'src/vfs/early-answers-limits.test.ts',
        'with the store known to be out of reach, writes fail at once, and reads go on',
      ],
    ],
  '| close (flush) | quota; errors of every save since this handle last asked | journaled; a larger save (below), and with `durability=close` every file: committed | after the commit |':
    [
      [
        'test/semantics/answers.test.ts',
        'close is journaled, a larger save committed; the last close is in memory, and a mapping is saved behind',
      ],
      ['test/semantics/answers.test.ts', 'with durability=close every close is committed'],
      [
        'src/vfs/limits.test.ts',
        'a quota of bytes is EDQUOT at the close, and what was there stays',
      ],
      [
        'src/vfs/saves.test.ts',
        'a save that fails is told once to each handle, and its bytes stay for the next',
      ],
    ],
  '| last close (release) | - | memory; what a mapping dirtied since is saved behind | with the save |':
    [
      [
        'test/semantics/answers.test.ts',
        'close is journaled, a larger save committed; the last close is in memory, and a mapping is saved behind',
      ],
    ],
  '| fsync | as close | committed, with every change before it | - |': [
    [
      'test/semantics/answers.test.ts',
      'fsync and fsyncdir are committed, with every change before them',
    ],
  ],
  '| fsyncdir | names of this mount that were lost | committed: every change before it | - |': [
    [
      'test/semantics/answers.test.ts',
      'fsync and fsyncdir are committed, with every change before them',
    ],
    ['src/rescue/lost-answers.test.ts', 'an answer that is lost and told is kept once'],
  ],
  'Unsaved bytes are saved at close, at fsync, when they are 5 seconds old, and before their file is renamed or linked: a file renamed over another is never seen empty.':
    [
      [
        'test/semantics/answers.test.ts',
        'close is journaled, a larger save committed; the last close is in memory, and a mapping is saved behind',
      ],
      [
        'test/semantics/answers.test.ts',
        'fsync and fsyncdir are committed, with every change before them',
      ],
      ['test/semantics/answers.test.ts', 'bytes are saved when they are 5 seconds old'],
      ['src/vfs/open-files.test.ts', 'bytes not yet saved go along with a rename and with a link'],
    ],
}
