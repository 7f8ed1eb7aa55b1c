// The transport with nothing behind it: files in memory Maps, every answer at once. How long a
// workload takes here is what the kernel and src/fuse cost; what CassFS takes beyond is its own.
//
//   node .build/bench/empty-server.js <mountpoint> [spin in microseconds]
//
// Ends with Ctrl-C or when it is unmounted, and then prints what it counted.

import { serveMount } from '../src/fuse/serve.js'
import { OpenReplyFlag } from '../src/fuse/wire/flags.js'
import { MemoryHandler } from '../test/mount/memory-handler.js'

/** Longer than any round: like a mount that is told of changes. */
const TTL_MS = 10_000

async function main(): Promise<void> {
  const [mountpoint, spin] = process.argv.slice(2)
  if (!mountpoint) throw new Error('usage: empty-server <mountpoint> [spin in microseconds]')
  const handler = new MemoryHandler({
    ttlMs: TTL_MS,
    openFlags: OpenReplyFlag.KEEP_CACHE,
    opendirFlags: OpenReplyFlag.KEEP_CACHE | OpenReplyFlag.CACHE_DIR,
  })
  const server = await serveMount({
    mountpoint,
    handler,
    fsname: 'empty',
    subtype: 'empty',
    allowOther: true,
    defaultPermissions: true,
    spinMicroseconds: spin === undefined ? 50 : Number(spin),
    log: {
      warn: (message) => console.error(message),
      error: (message, error) => console.error(message, error),
    },
  })
  const before = process.cpuUsage()
  console.log(`mounted on ${server.mountpoint}`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      server.unmount(true).catch((error) => console.error(error))
    })
  }
  await server.closed
  const { user, system } = process.cpuUsage(before)
  const cpuMs = { user: user / 1000, system: system / 1000 }
  console.log(JSON.stringify({ ...server.counts, cpuMs, nodes: handler.nodes.size }))
}

await main()
