/** Space comes back: behind rm the store holds what it held before, and a log costs little more than its bytes. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { run } from '../support/process.js'
import { openTarget, type Target, targetMissing } from '../support/target.js'
import { readUsage, type StoreUsage } from './store-usage.js'

const skip = (await targetMissing('cassfs')) ?? false
const MiB = 2 ** 20
/** How long what was removed may take to be gone from the store. */
const goneMs = 60_000
const slackBytes = 64 * MiB
const growthMax = 1.1
const timeout = 900_000
const appender = fileURLToPath(new URL('./appender.js', import.meta.url))
/** An hour of ten lines a second. */
const linesMax = Number(process.env.CASSFS_TEST_LINES ?? 36_000)
const lineBytes = 256
/** Of the lines' bytes. */
const costMax = 3
const liveMax = 1.2

/** Some 400 MiB that cannot be compressed: many small files, some large ones, one that was written twice. */
function makeTree(dir: string): void {
  mkdirSync(dir)
  for (let folder = 0; folder < 40; folder++) {
    mkdirSync(join(dir, `d${folder}`))
    for (let file = 0; file < 50; file++)
      writeFileSync(join(dir, `d${folder}/f${file}`), randomBytes(((file * 7919) % 200) * 1024))
  }
  for (const name of ['large', 'larger', 'large']) {
    for (let part = 0; part < 8; part++)
      writeFileSync(join(dir, name), randomBytes(8 * MiB), { flag: part === 0 ? 'w' : 'a' })
  }
}

async function usageOf(target: Target): Promise<StoreUsage> {
  await target.unmount()
  const usage = await readUsage(target)
  await target.mount()
  return usage
}

const mebibytes = (bytes: number) => `${(bytes / MiB).toFixed(1)} MiB`
const shown = ({ usedBytes, diskBytes, blocks }: StoreUsage) =>
  `${mebibytes(usedBytes)} used, ${mebibytes(diskBytes)} on disk, ${blocks.count} rows of blocks`

test('a minute after rm -rf the store holds what it held before', { skip, timeout }, async (t) => {
  const target = await openTarget('cassfs')
  try {
    writeFileSync(join(target.dir, 'kept'), randomBytes(MiB))
    const before = await usageOf(target)
    t.diagnostic(`before: ${shown(before)}`)
    makeTree(join(target.dir, 'tree'))
    const full = await usageOf(target)
    t.diagnostic(`full: ${shown(full)}`)
    assert.ok(full.usedBytes > before.usedBytes + 4 * slackBytes, 'too little to say anything')
    await run('rm', ['-rf', join(target.dir, 'tree')])
    await sleep(goneMs)
    const after = await usageOf(target)
    t.diagnostic(`removed: ${shown(after)}`)
    assert.ok(after.usedBytes <= before.usedBytes * growthMax + slackBytes)
    // LMDB gives nothing back to the disk, but uses it again.
    makeTree(join(target.dir, 'tree'))
    const again = await usageOf(target)
    t.diagnostic(`full again: ${shown(again)}`)
    assert.ok(
      again.diskBytes <= full.diskBytes * growthMax + slackBytes,
      'pages are not used again',
    )
  } finally {
    await target.close()
  }
})

for (const [how, lines] of [
  ['close', linesMax],
  ['fsync', linesMax / 6],
] as const)
  test(`${lines} appended lines, ${how} behind each, cost at most ${costMax} times their bytes`, {
    skip,
    timeout,
  }, async (t) => {
    const target = await openTarget('cassfs')
    try {
      const path = join(target.dir, 'log')
      const options = { timeoutMs: timeout }
      const words = [appender, path, String(lines), String(lineBytes), how]
      await run(process.execPath, words, options)
      const put = await putBytes(target)
      // Sessions tell every 20 s how far they have followed.
      await sleep(goneMs / 2)
      await target.unmount()
      const { blocks } = await readUsage(target)
      const total = lines * lineBytes
      const [written, live] = [put / total, blocks.bytes / total]
      t.diagnostic(`put ${written.toFixed(2)} times, ${live.toFixed(2)} times are there`)
      assert.ok(written <= costMax, `${written} times its bytes`)
      assert.ok(live <= liveMax, `${live} times its bytes are kept`)
      await target.mount()
      await run(process.execPath, [...words.slice(0, -1), 'compare'], options)
    } finally {
      await target.close()
    }
  })

/** Plain bytes of blocks and manifests that were handed to the store. */
async function putBytes(target: Target): Promise<number> {
  const facts = (await target.status()) as {
    status: { counts: { content: { bytesWritten: number } } }
  }
  return facts.status.counts.content.bytesWritten
}
