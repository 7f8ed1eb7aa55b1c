// A machine with a store, a journal folder on a disk, and one process after the other that has the volume open.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openJournalFolder } from '../../src/journal/journal-folder.js'
import { tryLock } from '../../src/native/flock.js'
import { isDirectory, isRegular } from '../../src/posix/mode.js'
import type { Store } from '../../src/store/store.js'
import { type Clock, systemClock } from '../../src/volume/clock.js'
import { type Inode, rootIno, type Timespec } from '../../src/volume/inode.js'
import { createEmptyVolume, type EmptyVolume } from '../simulation/empty-volume.js'
import { names, openTestVfs, root, type TestVfs } from '../vfs/test-vfs.js'
import { makeDigest } from './digest.js'

/** The time of programs: moved by hand, so that two runs leave the same tree. */
export class ProgramClock implements Clock {
  #sec = 1000
  #nsec = 0

  /** Later than anything before; then it stands. */
  turn(sec: number): void {
    this.#sec = sec
    this.#nsec = 0
  }

  /** Goes on with every look, or stands. */
  isRunning = true

  wall(): Timespec {
    if (this.isRunning) this.#nsec += 1_000_000
    return { sec: this.#sec, nsec: this.#nsec }
  }

  monotonicMs = (): number => systemClock.monotonicMs()
  bootMs = (): number => systemClock.bootMs()
  setTimer: Clock['setTimer'] = (delayMs, fire, holds) => systemClock.setTimer(delayMs, fire, holds)
}

export class Machine {
  readonly store: Store
  readonly clock = new ProgramClock()
  readonly #folder: string
  readonly #identity: EmptyVolume
  readonly #writeLease: boolean
  readonly #processes: TestVfs[] = []

  private constructor(store: Store, identity: EmptyVolume, writeLease: boolean, scratch: string) {
    this.store = store
    this.#identity = identity
    this.#writeLease = writeLease
    this.#folder = mkdtempSync(join(scratch, 'cft-faults-'))
  }

  static async begin(store: Store, writeLease: boolean, scratch = tmpdir()): Promise<Machine> {
    return new Machine(store, await createEmptyVolume(store), writeLease, scratch)
  }

  /** A process that reaches the store by `line`. */
  async open(line: Store): Promise<TestVfs> {
    const { volume } = this.#identity
    const opened = await openTestVfs({
      store: line,
      identity: this.#identity,
      vfs: { clock: this.clock },
      replica: {
        journals: openJournalFolder({
          directory: join(this.#folder, volume),
          volume,
          tryLock: (fd) => tryLock(fd, 'exclusive'),
          warn: (message, fields) => {
            throw new Error(`${message}: ${fields.error ?? ''}`)
          },
        }),
        writeLease: this.#writeLease,
        limits: { lingerMs: 0 },
      },
    })
    this.#processes.push(opened)
    return opened
  }

  /** The process is gone, with all that was in its memory. Its line is cut already. */
  async kill(process: TestVfs): Promise<void> {
    this.#processes.splice(this.#processes.indexOf(process), 1)
    // The replica ends first, so that nothing of what the others still want to save leaves the process.
    await process.replica.close(0)
    await process.close().catch(() => undefined)
  }

  /** As no crash may. */
  loseJournals(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async end(): Promise<void> {
    for (const process of this.#processes.splice(0)) await process.close().catch(() => undefined)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Everything that a program can see, as lines. */
export async function describeTree({ vfs }: TestVfs): Promise<string> {
  const lines: string[] = []
  const visit = async (inode: Inode, path: string) => {
    lines.push(await describeInode(vfs, inode, path))
    if (!isDirectory(inode)) return
    for (const name of await names(vfs, inode.ino)) {
      const child = await vfs.lookup(root, inode.ino, name)
      if (!child) throw new Error(`${path}/${name} is listed, but not found`)
      await visit(child, `${path}/${name}`)
    }
  }
  await visit(await vfs.getattr(root, rootIno), '')
  return lines.sort().join('\n')
}

async function describeInode(vfs: TestVfs['vfs'], inode: Inode, path: string): Promise<string> {
  const { mode, uid, gid, nlink, size, rdev, target, atime, mtime, ctime } = inode
  const times = [atime, mtime, ctime].map((time) => (time ? `${time.sec}.${time.nsec}` : '-'))
  const said = [path, mode.toString(8), uid, gid, nlink, rdev, target, ...times]
  for (const name of [...(await vfs.listxattr(root, inode.ino))].sort()) {
    const value = await vfs.getxattr(root, inode.ino, name)
    said.push(name, makeDigest(Buffer.from(value ?? [])))
  }
  if (!isRegular(inode)) return said.join(' ')
  const handle = await vfs.open(root, inode.ino, 0)
  const content = Buffer.concat(await vfs.read(root, handle, 0, size + 1))
  await vfs.release(root, handle)
  return [...said, size, makeDigest(content)].join(' ')
}
