// Is there room for the local state? Without -server all files are in it.

import { readdir, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { formatBytes } from '../ui/format.js'
import { type Advice, type Check, fail, ok, quoteForShell, warn } from './check.js'

const bytesMin = 64 * 1024 ** 2
const bytesComfortable = 256 * 1024 ** 2

export const freeSpaceCheck: Check = {
  name: 'free space',
  run: async (_system, { statedir }) => {
    const folder = await nearestExisting(statedir)
    const { bavail, bsize, ffree, files } = await statfs(folder)
    const free = bavail * bsize
    if (files > 0 && ffree === 0) {
      return fail(`no inodes are free on the disk of ${statedir}`, await advice(statedir, bytesMin))
    }
    const summary = `${formatBytes(free)} free for ${statedir}`
    if (free >= bytesComfortable) return ok(summary)
    const most = free < bytesMin ? bytesMin : bytesComfortable
    const tell = free < bytesMin ? fail : warn
    return tell(`only ${summary}`, await advice(statedir, most))
  },
}

async function advice(statedir: string, wanted: number): Promise<Advice> {
  const logs = path.join(statedir, 'log')
  const rotated = (await namesIn(logs)).filter((name) => /\.log\.\d+$/.test(name))
  const sizes = await Promise.all(
    rotated.map(async (name) => (await stat(path.join(logs, name))).size),
  )
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  const text = `free ${formatBytes(wanted)} there, or choose a larger disk with -statedir`
  if (bytes === 0) return { text }
  return {
    text: `${text}; old logs take ${formatBytes(bytes)}`,
    command: `rm -f ${quoteForShell(logs)}/*.log.[0-9]*`,
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return []
    throw error
  }
}

async function nearestExisting(folder: string): Promise<string> {
  try {
    return (await stat(folder)).isDirectory() ? folder : path.dirname(folder)
  } catch (error) {
    if (folder === '/') throw error
    return nearestExisting(path.dirname(folder))
  }
}
