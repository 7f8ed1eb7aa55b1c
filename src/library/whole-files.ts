// Calls on whole files: read, write, append, copy, truncate.

import { constants } from 'node:fs'
import { Errno } from '../posix/errno.js'
import { isDirectory, permissionBits } from '../posix/mode.js'
import {
  encodingOf,
  flagOf,
  integerOf,
  modeOf,
  optionsOf,
  signalOf,
  textOf,
  type VolumePath,
} from './arguments.js'
import { argumentError, relabelled, VolumeError } from './errors.js'
import { checkData, type FileData, readToEnd, writeAll } from './file-bytes.js'
import { VolumeFileHandle } from './file-handle.js'
import { openFlagsOf } from './open-flags.js'
import { openFile, type RawFile, withFile } from './raw-file.js'
import { unlink } from './remove.js'
import type { Session } from './session.js'
import { sizeOf } from './size.js'
import type { Volume } from './volume.js'

type WholeFileCalls = Pick<
  Volume,
  'open' | 'readFile' | 'writeFile' | 'appendFile' | 'copyFile' | 'truncate'
>

const fileMode = 0o666

export function wholeFileCalls(session: Session): WholeFileCalls {
  return {
    open: async (path, flags, mode) => {
      const number = await flagsFor(session, path, flags)
      const file = await openFile(session, path, number, modeOf(mode, fileMode))
      return new VolumeFileHandle(file)
    },
    readFile: (file, options) => readFile(session, file, options) as Promise<never>,
    writeFile: (file, data, options) => writeFile(session, 'writeFile', file, data, options, 'w'),
    appendFile: (file, data, options) => writeFile(session, 'appendFile', file, data, options, 'a'),
    copyFile: (from, to, mode) => copyFile(session, from, to, mode),
    truncate: async (path, length) => {
      const size = sizeOf(length)
      await withFile(session, path, constants.O_RDWR, 0, (file) =>
        file.setAttributes('ftruncate', { size }),
      )
    },
  }
}

/** Letters are Node's matter; for numbers the error is an open's. */
function flagsFor(session: Session, path: VolumePath, flags: unknown): Promise<number> {
  return session.at('open', path, async () => openFlagsOf(flags))
}

async function readFile(session: Session, file: VolumePath | VolumeFileHandle, options: unknown) {
  if (file instanceof VolumeFileHandle) return file.readFile(options as never)
  const given = optionsOf('readFile', options, ['encoding', 'flag', 'signal'])
  const encoding = given.encoding == null ? 'buffer' : encodingOf(given.encoding)
  const signal = signalOf(given.signal)
  const flags = await flagsFor(session, file, given.flag)
  const bytes = await withFile(session, file, flags, fileMode, (open) => readToEnd(open, signal))
  return encoding === 'buffer' ? bytes : bytes.toString(encoding)
}

async function writeFile(
  session: Session,
  call: string,
  file: VolumePath | VolumeFileHandle,
  data: FileData,
  options: unknown,
  flag: 'w' | 'a',
): Promise<void> {
  if (file instanceof VolumeFileHandle) return file.writeFile(data, options as never)
  checkData(data)
  const given = optionsOf(call, options, ['encoding', 'mode', 'flag', 'flush', 'signal'])
  const encoding = encodingOf(given.encoding)
  if (encoding === 'buffer') throw argumentError('encoding buffer is not known')
  const signal = signalOf(given.signal)
  const isFlushed = flagOf('flush', given.flush)
  const mode = modeOf(given.mode, fileMode)
  const flags = await flagsFor(session, file, given.flag ?? flag)
  await withFile(session, file, flags, mode, async (open) => {
    await writeAll(open, data, encoding, signal)
    if (isFlushed) await open.sync(false)
  })
}

const { COPYFILE_EXCL, COPYFILE_FICLONE } = constants
const copyBytes = 1024 * 1024

/** Equal blocks have equal names: what is copied takes no room a second time. */
async function copyFile(
  session: Session,
  from: VolumePath,
  to: VolumePath,
  mode: unknown,
): Promise<void> {
  const flags = integerOf('mode', mode ?? 0, 0, 7)
  const facts = { syscall: 'copyfile', path: textOf(from), dest: textOf(to) }
  try {
    if (flags & ~(COPYFILE_EXCL | COPYFILE_FICLONE))
      throw new VolumeError(Errno.EOPNOTSUPP, facts, 'COPYFILE_FICLONE_FORCE is not supported')
    await withFile(session, from, constants.O_RDONLY, 0, async (source) => {
      const inode = await source.stat()
      if (isDirectory(inode)) throw new VolumeError(Errno.EISDIR, facts)
      const bits = inode.mode & permissionBits
      const { O_WRONLY, O_CREAT, O_EXCL } = constants
      const opening = O_WRONLY | O_CREAT | (flags & COPYFILE_EXCL ? O_EXCL : 0)
      await withFile(session, to, opening, bits, (target) =>
        copyInto(source, target, bits).catch(async (error) => {
          if (target.isNew) await unlink(session, to).catch(() => undefined)
          throw error
        }),
      )
    })
  } catch (error) {
    throw relabelled(error, facts)
  }
}

async function copyInto(source: RawFile, target: RawFile, mode: number): Promise<void> {
  if (source.ino === target.ino) return
  await target.setAttributes('fchmod', { mode })
  await target.setAttributes('ftruncate', { size: 0 })
  const piece = Buffer.allocUnsafe(copyBytes)
  for (;;) {
    const count = await source.read(piece, undefined)
    if (count > 0) await target.write(piece.subarray(0, count), undefined)
    if (count < piece.length) return
  }
}
