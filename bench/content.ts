// What file bytes cost above the store: `node .build/bench/bench/content.js`. The store is the memory
// engine, so the figures are those of hashing, compressing, copying and bookkeeping.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { Stored } from '../src/content/content.js'
import { createSpool } from '../src/content/create-spool.js'
import { openContentStore } from '../src/content/open-content-store.js'
import { openSpoolStorage } from '../src/content/spool-storage.js'
import { createMemoryStore } from '../src/store/memory/memory-store.js'

const owner = '6f1c1c3e-9c1f-4a53-8d5c-8a2f0f1e2d3c'
const none: Stored = { content: { kind: 'none' }, size: 0 }
const directory = mkdtempSync(join(tmpdir(), 'cassfs-bench-'))
const store = createMemoryStore()
const content = openContentStore({ store, owner, cacheBytesMax: 512 * 1024 * 1024 })
const storage = openSpoolStorage({ directory })

async function save(base: Stored, offset: number, data: Buffer, append = false): Promise<Stored> {
  const spool = createSpool(storage)
  spool.write(offset, data, base.size, append)
  const snapshot = spool.cut()
  const result = await content.save(base, snapshot)
  spool.saved(snapshot, result)
  spool.close()
  return { content: result.content, size: result.size }
}

/** Median of `rounds` batches of `count` calls, in microseconds a call. */
async function time(name: string, count: number, act: (i: number) => unknown): Promise<void> {
  const rounds = 9
  const figures: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now()
    for (let i = 0; i < count; i++) {
      const waits = act(round * count + i)
      if (waits instanceof Promise) await waits
    }
    // The first round is for the compiler.
    if (round > 0) figures.push(((performance.now() - start) / count) * 1000)
  }
  figures.sort((a, b) => a - b)
  console.log(`${name.padEnd(52)} ${(figures[rounds >> 1] as number).toFixed(1).padStart(9)} us`)
}

function text(length: number, seed: number): Buffer {
  const words = `$wp_query->have_posts(${seed}) ? the_post() : get_template_part( 'content', 'none' );\n`
  const data = Buffer.allocUnsafeSlow(length)
  for (let at = 0, i = 0; at < length; i++) at += data.write(`${(i * 7919) % 1013} ${words}`, at)
  return data
}

async function throughput(name: string, data: (i: number) => Buffer): Promise<void> {
  const mebibytes = 256
  const spool = createSpool(storage)
  const loop = performance.eventLoopUtilization()
  const start = performance.now()
  let accepting = 0
  for (let i = 0; i < mebibytes * 8; i++) {
    const chunk = data(i)
    const before = performance.now()
    spool.write(i * 131_072, chunk, 0)
    accepting += performance.now() - before
  }
  const snapshot = spool.cut()
  const saving = performance.now()
  const result = await content.save(none, snapshot)
  const done = performance.now()
  spool.saved(snapshot, result)
  spool.close()
  const busy = performance.eventLoopUtilization(loop).active
  const rate = (ms: number) => `${Math.round((mebibytes / ms) * 1000)} MiB/s`
  console.log(
    `${name.padEnd(36)} accepted ${rate(accepting)}, saved ${rate(done - saving)}, ` +
      `all ${rate(done - start)}, this thread busy ${Math.round(busy)} of ${Math.round(done - start)} ms`,
  )
}

const large = await save(none, 0, randomBytes(4 * 1024 * 1024))
await time('read 128 KiB, cached', 20_000, (i) => content.read(large, (i % 32) * 131_072, 131_072))
await time('read 4 KiB, cached', 20_000, (i) => content.read(large, (i % 1024) * 4096, 4096))

const small = Array.from({ length: 64 }, (_, i) => text(8192, i))
await time('save a new file of 400 bytes', 2000, () =>
  save(none, 0, (small[0] as Buffer).subarray(0, 400)),
)
await time('save a new file of 8 KiB of text', 500, (i) =>
  save(none, 0, Buffer.concat([Buffer.from(String(i)), small[i % 64] as Buffer]).subarray(0, 8192)),
)
const random = Array.from({ length: 64 }, () => randomBytes(8192))
await time('save a new file of 8 KiB of noise', 500, (i) => {
  const data = random[i % 64] as Buffer
  data.writeUInt32LE(i)
  return save(none, 0, data)
})
let log: Stored = none
await time('append and save a line of 256 bytes', 2000, async (i) => {
  log = await save(log, 0, text(256, i), true)
})
await time('write 4 KiB into a file of 4 MiB and save', 50, (i) =>
  save(large, (i % 1000) * 4096, random[i % 64] as Buffer),
)

const noise = randomBytes(131_072 + 4096)
await throughput('256 MiB of noise', (i) => noise.subarray(i % 4096, (i % 4096) + 131_072))
const prose = text(131_072 + 4096, 1)
await throughput('256 MiB of text', (i) => prose.subarray(i % 4096, (i % 4096) + 131_072))

content.close()
storage.close()
rmSync(directory, { recursive: true })
