// Users other than root mount through fusermount3, which must be there and set-uid root.

import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import {
  type Check,
  type DoctorSystem,
  type Finding,
  fail,
  ok,
  quoteForShell,
  skip,
} from './check.js'

const program = 'fusermount3'

export const fusermountCheck: Check = {
  name: program,
  run: async (system) => {
    if (system.uid === 0) return skip('not needed: root mounts by itself')
    for (const folder of (system.env.PATH ?? '').split(path.delimiter)) {
      const file = path.join(folder, program)
      const found = await stat(file).catch(unlessAbsent)
      if (!found?.isFile()) continue
      const isSetUid = found.uid === 0 && (found.mode & 0o4000) !== 0
      return isSetUid ? ok(`${file}, set-uid root`) : powerless(file)
    }
    return missing(system)
  },
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR' && error.code !== 'EACCES') throw error
}

function powerless(file: string): Finding {
  const quoted = quoteForShell(file)
  return fail(`${file} is not set-uid root, so that it cannot mount`, {
    text: 'give it back the owner and mode that its package has',
    command: `chown root:root ${quoted} && chmod 4755 ${quoted}`,
    asRoot: true,
  })
}

const installers: readonly [RegExp, string][] = [
  [/\b(debian|ubuntu)\b/, 'apt-get install -y fuse3'],
  [/\b(fedora|rhel|centos)\b/, 'dnf install -y fuse3'],
  [/\b(suse|opensuse)\b/, 'zypper install -y fuse3'],
  [/\barch\b/, 'pacman -S --noconfirm fuse3'],
  [/\balpine\b/, 'apk add fuse3'],
]

async function missing({ osReleasePath, uid }: DoctorSystem): Promise<Finding> {
  const text = await readFile(osReleasePath, 'utf8').catch(unlessAbsent)
  const ids = /^ID(_LIKE)?=.*$/gm
  const distribution = (text?.match(ids) ?? []).join(' ')
  const command = installers.find(([pattern]) => pattern.test(distribution))?.[1]
  return fail(`${program} is missing; user ${uid} cannot mount without it`, {
    text: 'install the package fuse3, or mount as root',
    ...(command && { command, asRoot: true }),
  })
}
