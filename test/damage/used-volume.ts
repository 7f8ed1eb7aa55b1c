/** A volume that has been used: every kind of file, renames over files, unlinks while open, appends, holes. */
import { O_CREAT, O_RDWR, O_TRUNC } from '../../src/posix/open-flags.js'
import type { Vfs } from '../../src/vfs/vfs.js'
import { close, root, writeFile } from '../vfs/test-vfs.js'

const S_IFIFO = 0o010000
const windowBytes = 256 * 1024

/** Bytes that do not compress, and are others for another `seed`. */
export function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = (seed * 2_654_435_761) >>> 0 || 1
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** Writes a file at an offset as a program does, and closes it. */
export async function writeAt(
  vfs: Vfs,
  parent: number,
  name: string,
  offset: number,
  bytes: Buffer,
  flags = O_RDWR | O_CREAT,
): Promise<number> {
  const { inode, handle } = await vfs.create(root, parent, name, 0o644, flags)
  for (let at = 0; at < bytes.length; at += windowBytes)
    await vfs.write(root, handle, offset + at, bytes.subarray(at, at + windowBytes))
  await close(vfs, handle)
  return inode.ino
}

/**
 * Makes `dir` with a file of one block (`block`), one with a manifest (`big`), one of few bytes (`small`), one
 * of two names (`shared`, `other`), one with many attributes (`attributed`), `deep/inner`, and what is left of
 * much else.
 */
export async function useVolume(vfs: Vfs): Promise<void> {
  const dir = (await vfs.mkdir(root, 1, 'dir', 0o755)).ino
  const deep = (await vfs.mkdir(root, dir, 'deep', 0o755)).ino
  await writeFile(vfs, deep, 'inner', 'inner')
  await writeFile(vfs, dir, 'small', 'few bytes')
  await writeAt(vfs, dir, 'block', 0, noise(5000, 1))
  await writeAt(vfs, dir, 'big', 0, noise(6 * windowBytes + 77, 2))
  await writeAt(vfs, dir, 'big', windowBytes + 5, noise(windowBytes, 3))
  await writeAt(vfs, dir, 'hole', 3 * windowBytes, noise(9000, 4))
  for (let line = 0; line < 30; line++)
    await writeAt(vfs, dir, 'log', line * 400, noise(400, 100 + line))
  const shared = await writeAt(vfs, dir, 'shared', 0, noise(3000, 5))
  await vfs.link(root, shared, dir, 'other')
  await vfs.symlink(root, dir, 'symlink', 'dir/small')
  await vfs.mknod(root, dir, 'pipe', S_IFIFO | 0o644, 0)
  const attributed = await writeFile(vfs, dir, 'attributed', 'x')
  for (let n = 0; n < 4; n++)
    await vfs.setxattr(root, attributed.ino, `user.n${n}`, noise(2000, 50 + n), 0)
  await churn(vfs)
}

async function churn(vfs: Vfs): Promise<void> {
  const work = (await vfs.mkdir(root, 1, 'work', 0o755)).ino
  for (let n = 0; n < 60; n++) {
    await writeAt(vfs, work, `f${n % 7}`, 0, noise(300 * n, n), O_RDWR | O_CREAT | O_TRUNC)
    if (n % 3 === 0) await vfs.rename(root, work, `f${n % 7}`, work, `g${n % 5}`, 0)
    if (n % 10 === 4) await unlinkOpen(vfs, work, `u${n}`)
    if (n % 10 === 7) {
      const sub = (await vfs.mkdir(root, work, `d${n}`, 0o755)).ino
      await writeFile(vfs, sub, 'f', String(n))
      if (n % 20 === 7) await vfs.rename(root, work, `d${n}`, 1, `moved${n}`, 0)
      else {
        await vfs.unlink(root, sub, 'f')
        await vfs.rmdir(root, work, `d${n}`)
      }
    }
  }
}

async function unlinkOpen(vfs: Vfs, parent: number, name: string): Promise<void> {
  const { handle } = await vfs.create(root, parent, name, 0o644, O_RDWR | O_CREAT)
  await vfs.write(root, handle, 0, noise(7000, 9))
  await vfs.flush(root, handle)
  await vfs.unlink(root, parent, name)
  await vfs.write(root, handle, 7000, noise(100, 10))
  await close(vfs, handle)
}
