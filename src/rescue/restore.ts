// What was kept is put back as a file: never over one that is there, and as a whole or not at all.

import { chmod, chown, type FileHandle, open, rm, utimes } from 'node:fs/promises'
import { asFsError, Errno, FsError } from '../posix/errno.js'
import type { RescueEntry } from './rescue-entry.js'

const stepBytes = 2 ** 20

/** Reads a part of what is kept: bytes from `offset` on, none at the end. */
export type ReadPart = (offset: number, length: number) => Promise<Uint8Array>

/** What a file is to be beside its bytes; what is absent stays as it is made. */
export type FileFacts = Pick<RescueEntry, 'mode' | 'uid' | 'gid' | 'mtime'>

/**
 * Makes the file `target`; answers what of its attributes could not be given to it. Throws FsError: EEXIST
 * where there is something, ENOENT where there is no such folder.
 */
export async function restoreFile(
  target: Buffer,
  size: number,
  read: ReadPart,
  facts: FileFacts,
): Promise<string[]> {
  const file = await open(target, 'wx', 0o600).catch((cause) => {
    throw asFsError(cause)
  })
  try {
    await copyParts(file, size, read)
    const refused = await giveFacts(target, facts)
    await file.sync()
    return refused
  } catch (cause) {
    await rm(target, { force: true })
    throw asFsError(cause)
  } finally {
    // A file system may report a failed write at the close of the file.
    await file.close().catch(async (cause) => {
      await rm(target, { force: true })
      throw asFsError(cause)
    })
  }
}

/** Of a file on the disk. */
export function partsOf(file: FileHandle): ReadPart {
  return async (offset, length) => {
    const buffer = Buffer.allocUnsafe(length)
    const { bytesRead } = await file.read(buffer, 0, length, offset)
    return buffer.subarray(0, bytesRead)
  }
}

async function copyParts(file: FileHandle, size: number, read: ReadPart): Promise<void> {
  await file.truncate(size)
  for (let at = 0; at < size; ) {
    const bytes = await read(at, Math.min(stepBytes, size - at))
    if (bytes.length === 0) throw new FsError(Errno.EIO, `what is kept ends at byte ${at}`)
    if (bytes.some((byte) => byte !== 0)) await writeAll(file, bytes, at)
    at += bytes.length
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const left = bytes.length - done
    done += (await file.write(bytes, done, left, offset + done)).bytesWritten
  }
}

/** The owner first: a change of it takes set-id bits. Only root may give files away. */
async function giveFacts(target: Buffer, facts: FileFacts): Promise<string[]> {
  const { mode, uid, gid, mtime } = facts
  const refused: string[] = []
  if (uid !== undefined && gid !== undefined) {
    const isGiven = await chown(target, uid, gid).then(() => true, unlessRefused)
    if (!isGiven) refused.push(`owner ${uid}:${gid}`)
  }
  // Set-id bits of somebody else's file must not become those of the caller.
  const bits = refused.length > 0 ? 0o777 : 0o7777
  if (mode !== undefined) await chmod(target, mode & bits)
  if (mtime) await utimes(target, seconds(mtime), seconds(mtime))
  return refused
}

function seconds({ sec, nsec }: { sec: number; nsec: number }): number {
  return sec + nsec / 1e9
}

function unlessRefused(error: NodeJS.ErrnoException): false {
  if (error.code !== 'EPERM') throw error
  return false
}
