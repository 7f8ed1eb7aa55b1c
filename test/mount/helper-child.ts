// Run as an ordinary user (protocol-fusermount.test.ts): mounts through fusermount3, has children
// use the mount, unmounts, and prints what it saw as JSON.
//   node helper-child.js <mount point>

import { readFileSync } from 'node:fs'
import { serveMount } from '../../src/fuse/serve.js'
import { MemoryHandler } from './memory-handler.js'
import { complainTo, runProgram } from './mounted.js'

const [mountpoint] = process.argv.slice(2)
if (!mountpoint) throw new Error('usage: helper-child <mount point>')
const complaints: string[] = []
const handler = new MemoryHandler({ ttlMs: 1000 })
const root = handler.nodes.get(1)
if (root) root.uid = process.getuid?.() ?? 0
const server = await serveMount({
  mountpoint,
  handler,
  fsname: 'back\\slash, comma',
  subtype: 'cassfs',
  log: complainTo(complaints),
})
const line = readFileSync('/proc/mounts', 'utf8')
  .split('\n')
  .find((one) => one.split(' ')[1] === mountpoint)
const said = await runProgram('sh', [
  '-c',
  `cd ${mountpoint} && echo hello > file && cat file && stat -c %u file`,
])
const notified = await server.notifier.invalInode(2)
const busy = runProgram('sh', ['-c', `cd ${mountpoint} && sleep 1`])
await new Promise((resolve) => setTimeout(resolve, 300))
const refusal = await server.unmount().catch((error: Error) => error.message)
await busy
await server.unmount()
const uid = process.getuid?.()
process.stdout.write(JSON.stringify({ uid, line, said, notified, refusal, complaints }))
