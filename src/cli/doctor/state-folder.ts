// Can the state folder be used, and by nobody else?

import { access, constants, stat } from 'node:fs/promises'
import path from 'node:path'
import {
  type Check,
  type DoctorSystem,
  type Finding,
  fail,
  ok,
  quoteForShell,
  warn,
} from './check.js'

export const stateFolderCheck: Check = {
  name: 'state folder',
  run: async (system, { statedir }) => {
    try {
      const found = await stat(statedir)
      if (!found.isDirectory()) return notAFolder(statedir)
      if (found.uid !== system.uid) return foreign(system, statedir, found.uid)
      if ((found.mode & 0o077) !== 0) return open(statedir, found.mode)
      if ((found.mode & 0o700) !== 0o700) return unusable(statedir, found.mode)
      return ok(`${statedir} is this user's alone`)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return missing(system, statedir)
      if (code === 'ENOTDIR') return notAFolder(statedir)
      if (code === 'EACCES') return unreachable(system, statedir)
      throw error
    }
  },
}

async function missing(system: DoctorSystem, statedir: string): Promise<Finding> {
  const parent = await nearestExisting(path.dirname(statedir))
  try {
    await access(parent, constants.W_OK | constants.X_OK)
    return ok(`${statedir} will be made`)
  } catch {
    return unreachable(system, statedir)
  }
}

async function nearestExisting(folder: string): Promise<string> {
  try {
    await stat(folder)
    return folder
  } catch {
    return folder === '/' ? folder : nearestExisting(path.dirname(folder))
  }
}

function unreachable({ uid, gid }: DoctorSystem, statedir: string): Finding {
  return fail(`${statedir} cannot be made or reached by user ${uid}`, {
    text: 'make it for this user, or choose another with -statedir',
    command: `install -d -m 700 -o ${uid} -g ${gid} ${quoteForShell(statedir)}`,
    asRoot: true,
  })
}

function notAFolder(statedir: string): Finding {
  const quoted = quoteForShell(statedir)
  return fail(`${statedir} is not a folder`, {
    text: 'move it out of the way, or choose another with -statedir',
    command: `mv ${quoted} ${quoted}.old`,
  })
}

function foreign({ uid, gid }: DoctorSystem, statedir: string, owner: number): Finding {
  return fail(`${statedir} belongs to user ${owner}, not to ${uid}`, {
    text: 'give it to this user, or choose another with -statedir',
    command: `chown -R ${uid}:${gid} ${quoteForShell(statedir)}`,
    asRoot: true,
  })
}

function open(statedir: string, mode: number): Finding {
  return warn(`${statedir} is open to others (mode ${(mode & 0o777).toString(8)})`, {
    text: 'what is in it is as secret as the files themselves',
    command: `chmod 700 ${quoteForShell(statedir)}`,
  })
}

function unusable(statedir: string, mode: number): Finding {
  return fail(`${statedir} cannot be written by its owner (mode ${(mode & 0o777).toString(8)})`, {
    text: 'give the owner every right to it',
    command: `chmod 700 ${quoteForShell(statedir)}`,
  })
}
