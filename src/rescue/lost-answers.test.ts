// A process that ends just as the log says that what it had answered is lost: the next one knows nothing of it
// any more, so the bytes have to be in the rescue folder before, and only once.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createEmptyVolume, type EmptyVolume } from '../../test/simulation/empty-volume.js'
import { SimJournals } from '../../test/simulation/sim-journals.js'
import { waitFor } from '../../test/support/process.js'
import { openTestVfs, root, writeFile } from '../../test/vfs/test-vfs.js'
import { aroundStore } from '../store/around-store.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import type { Commit, CommitOutcome, Store } from '../store/store.js'
import { type OpenVolume, openVolume } from '../vfs/open-volume.js'
import type { Vfs } from '../vfs/vfs.js'
import { rootIno } from '../volume/inode.js'
import { openRescue } from './rescue.js'
import { dataPath, listRescued } from './rescue-files.js'

const folder = mkdtempSync(join(tmpdir(), 'cassfs-lost-'))
after(() => rmSync(folder, { recursive: true }))
// The timers of the layers under test do not keep a process alive.
const keepAlive = setInterval(() => undefined, 1000)
after(() => clearInterval(keepAlive))
const never = new Promise<never>(() => {})

/** One machine, whose processes share journals and the rescue folder. */
class Machine {
  readonly store: Store
  readonly journals = new SimJournals(randomUUID)
  readonly log: string[] = []
  readonly identity: EmptyVolume

  constructor(store: Store, identity: EmptyVolume) {
    this.store = store
    this.identity = identity
  }

  /** A mount that can be killed; `commit` stands between it and its store. */
  async mount(
    commit: (change: Commit, kill: () => void) => Promise<CommitOutcome> = (change) =>
      this.store.commit(change),
  ) {
    let isAlive = true
    const kill = () => {
      isAlive = false
    }
    const { volume, owner: ownerId, ownerName } = this.identity
    const say = (message: string) => void this.log.push(message)
    const logger = { debug: say, info: say, warn: say, error: say }
    const place = { stateDir: folder, volume, owner: ownerName, environment: 'prod' }
    const rescue = openRescue({ ...place, bytesMax: 2 ** 30, logger })
    const store = aroundStore(this.store, (method, run, args) => {
      if (!isAlive) return never
      return method === 'commit' ? commit(args[0] as Commit, kill) : run()
    })
    const spoolDirectory = mkdtempSync(join(folder, 'spool-'))
    const open = await openVolume({
      ...{ store, blocks: store, volume, ownerId, ownerName, spoolDirectory, rescue, logger },
      ...{ entryTtlMs: 1000, readOnly: false, checkPermissions: true, writeLease: true },
      journals: this.journals.open(
        () => isAlive,
        () => undefined,
      ),
    })
    return { open, rescue, kill }
  }

  kept() {
    const directory = join(folder, 'rescue', this.identity.volume)
    return listRescued(directory).map(({ id, entry }) => {
      assert.ok(entry)
      const bytes = entry.kind === 'file' ? readFileSync(dataPath(directory, id)).toString() : ''
      return `${entry.change?.kind} ${entry.path} ${bytes}`.trim()
    })
  }
}

async function hold(open: OpenVolume): Promise<void> {
  const isHolder = () => open.status().replica.early.lease === 'held'
  for (let i = 0; i < 200 && !isHolder(); i++) await open.vfs.mkdir(root, rootIno, `d${i}`, 0o755)
  assert.ok(isHolder())
  await open.vfs.settle()
}

/** The folder of that name. */
async function folderIno(vfs: Vfs, name: string): Promise<number> {
  return (await vfs.lookup(root, rootIno, name))?.ino ?? assert.fail()
}

/**
 * A mount answers the making of `d0/f` and is killed; another takes the lease, and writes a file of its own. The
 * two do not fit into the quota together.
 */
async function answeredAndOvertaken(theirs = 'd0/f'): Promise<Machine> {
  const store = createMemoryStore()
  const identity = await createEmptyVolume(store, { quotaBytes: 105 })
  const machine = new Machine(store, identity)
  let isCut = false
  const first = await machine.mount((change) => (isCut ? never : store.commit(change)))
  await hold(first.open)
  isCut = true
  await writeFile(first.open.vfs, await folderIno(first.open.vfs, 'd0'), 'f', 'lost bytes')
  first.kill()
  const leaseRules = { waitsSince: () => Number.NEGATIVE_INFINITY }
  const other = await openTestVfs({ store, identity, replica: { leaseRules } })
  const [folder = '', name = ''] = theirs.split('/')
  await writeFile(other.vfs, await folderIno(other.vfs, folder), name, 't'.repeat(100))
  await other.close()
  return machine
}

const expected = ['create /d0/f', 'save /d0/f lost bytes']
const settles = ({ entry }: Commit) => entry.puts.some(({ kind }) => kind === 3)

test('killed when the log had it that answers are lost, before they were told', async () => {
  const machine = await answeredAndOvertaken()
  let isDone = false
  await machine.mount(async (change, kill) => {
    const outcome = await machine.store.commit(change)
    if (!settles(change)) return outcome
    isDone = true
    kill()
    return never
  })
  await waitFor('the log to have it', () => isDone)
  const third = await machine.mount()
  await third.open.close(5000)
  assert.deepEqual(machine.kept().sort(), expected)
})

test('killed before the log had it: the next process finds the same, and keeps it once', async () => {
  const machine = await answeredAndOvertaken()
  let isTried = false
  await machine.mount(async (change, kill) => {
    if (!settles(change)) return machine.store.commit(change)
    isTried = true
    kill()
    return never
  })
  await waitFor('the commit to be tried', () => isTried)
  const third = await machine.mount()
  await waitFor('the loss', () => third.open.status().replica.early.lost === 2)
  await third.open.close(5000)
  assert.deepEqual(machine.kept().sort(), expected)
})

test('an answer that is lost and told is kept once', async () => {
  const machine = await answeredAndOvertaken()
  const second = await machine.mount()
  await waitFor('the loss', () => second.open.status().replica.early.lost === 2)
  await second.open.close(5000)
  assert.deepEqual(machine.kept().sort(), expected)
  const third = await machine.mount()
  await third.open.close(5000)
  assert.deepEqual(machine.kept().sort(), expected)
})

test('what seemed lost, and was done after all, is not kept', async () => {
  const machine = await answeredAndOvertaken('d1/theirs')
  let before: string[] = []
  const second = await machine.mount(async (change) => {
    if (before.length === 0 && settles(change)) {
      await waitFor('what is lost to be kept', () => machine.kept().length > 0)
      before = machine.kept()
      // Another mount makes room: the batch loses its race, and what follows finds room.
      const { store, identity } = machine
      const other = await openTestVfs({ store, identity })
      await other.vfs.unlink(root, await folderIno(other.vfs, 'd1'), 'theirs')
      await other.close()
    }
    return machine.store.commit(change)
  })
  await waitFor('the change', () => second.open.status().replica.early.uncommitted === 0)
  const { vfs } = second.open
  assert.equal((await vfs.lookup(root, await folderIno(vfs, 'd0'), 'f'))?.size, 10)
  await second.open.close(5000)
  assert.deepEqual([before, machine.kept()], [['save /d0/f lost bytes'], []])
})
