/** State folders that are whole, to be copied and damaged: of a volume that has been used, and of another. */
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openJournalFolder } from '../../src/journal/journal-folder.js'
import { tryLock } from '../../src/native/flock.js'
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.js'
import type { Intent } from '../../src/vfs/intents/intent.js'
import { encodeIntent } from '../../src/vfs/journaled-intent.js'
import type { Vfs } from '../../src/vfs/vfs.js'
import { rootIno } from '../../src/volume/inode.js'
import type { EmptyVolume } from '../simulation/empty-volume.js'
import { openTestVfs } from '../vfs/test-vfs.js'
import { readState, type Seen, type StateCase } from './state.js'
import { useVolume } from './used-volume.js'

export interface SoundState {
  readonly folder: string
  readonly identity: EmptyVolume
  readonly seen: Seen
}

/** `<folder>/store` is all there is. `use` makes what is in the volume. */
export async function makeState(
  folder: string,
  use: (vfs: Vfs) => Promise<void> = useVolume,
): Promise<SoundState> {
  mkdirSync(folder, { recursive: true })
  const directory = join(folder, 'store')
  const store = await openLmdbStore({ directory })
  const opened = await openTestVfs({ store })
  const { identity } = opened
  await use(opened.vfs)
  await opened.close()
  await store.close()
  const seen = await readState({ stateDir: folder, identity, store: { directory, remote: false } })
  return { folder, identity, seen }
}

/** A copy of it in `folder`, whose store is now elsewhere and whose copy of the volume is there. */
export async function withCopy(sound: SoundState, folder: string): Promise<SoundState> {
  cpSync(sound.folder, folder, { recursive: true })
  const seen = await readState(caseOf({ ...sound, folder }, true))
  return { ...sound, folder, seen }
}

export function caseOf({ folder, identity }: SoundState, remote = false): StateCase {
  return { stateDir: folder, identity, store: { directory: join(folder, 'store'), remote } }
}

/** What a killed process would have answered: links `journaled0`, ... Answers the journal's path. */
export function leaveJournal({ folder, identity }: SoundState, count: number): string {
  const directory = join(folder, 'journal', identity.volume)
  const journals = openJournalFolder({
    directory,
    volume: identity.volume,
    tryLock: (fd) => tryLock(fd, 'exclusive'),
    warn: () => {},
  })
  const journal = journals.create()
  for (let n = 0; n < count; n++) {
    const encoded = encodeIntent(linkIntent(`journaled${n}`, 700_000 + n))
    if (!encoded) throw new Error('it cannot be journaled')
    const names = [{ parent: rootIno, name: `journaled${n}`, ino: 0 }]
    const seen = { names, inodes: [] }
    journal.append({ number: n + 1, grantSeq: 0, answers: undefined, seen, ...encoded })
  }
  journal.close(false)
  return join(directory, journal.id)
}

function linkIntent(name: string, ino: number): Intent {
  const time = { sec: 1_700_000_000, nsec: 0 }
  const owner = { umask: 0, uid: 0, gid: 0, rdev: 0 }
  const made = { ino, mode: 0o120777, target: 'somewhere', time, existing: 'refuse' } as const
  return { kind: 'create', parent: rootIno, name, ...owner, ...made }
}

/** Where the copy of the volume is: its slot, and the folder of the data file. */
export function copyIn({ folder, identity }: SoundState): { slot: string; data: string } {
  const slot = join(folder, 'replica', identity.volume, '0')
  const [copy] = readdirSync(slot, { withFileTypes: true }).filter((each) => each.isDirectory())
  if (!copy) throw new Error('there is no copy')
  return { slot, data: join(slot, copy.name) }
}
