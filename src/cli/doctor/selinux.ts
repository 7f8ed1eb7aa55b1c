// With SELinux enforcing, a confined web server may not use FUSE mounts unless a boolean says so.

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Check, ok, warn } from './check.js'

const boolean = 'httpd_use_fusefs'

export const selinuxCheck: Check = {
  name: 'selinux',
  run: async ({ selinuxPath }) => {
    const isEnforcing = (await textOf(path.join(selinuxPath, 'enforce')))?.trim() === '1'
    if (!isEnforcing) return ok('not enforcing')
    const state = await textOf(path.join(selinuxPath, 'booleans', boolean))
    if (state === undefined) return ok('enforcing, without a rule on FUSE for web servers')
    if (state.startsWith('1')) return ok('enforcing, web servers may use FUSE mounts')
    return warn('SELinux keeps web servers from FUSE mounts', {
      text: 'if a web server is to read the mount, allow it',
      command: `setsebool -P ${boolean} on`,
      asRoot: true,
    })
  },
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined
    throw error
  }
}
