/**
 * Time and again the same work on one mount: what the mount's process holds must stop growing, and the only
 * writer needs few commits. And when the kernel drops its caches, no inode may be remembered any more.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../../bench/figures.js'
import { fetchTreeArchive } from '../../bench/tree-archive.js'
import { openDescriptors, rssAnon, run, shell, waitFor } from '../support/process.js'
import { openTarget, type Target, targetMissing, targetName } from '../support/target.js'

const ROUNDS = Number(process.env.CASSFS_TEST_ROUNDS ?? 12)
/** The first rounds fill caches; behind them nothing may grow. */
const FILLING_ROUNDS = 2
/** Medians of so many are compared: what one round leaves in caches and the allocator differs by a tenth. */
const COMPARED_ROUNDS = 3
const GROWTH_MAX = 1.1
/** For some 8,000 changes, with the write lease. */
const UNTAR_COMMITS_MAX = 60
/** What V8 has not collected yet is not held. */
const NODE_OPTIONS = `--import=${new URL('../support/collect-garbage.js', import.meta.url)}`
const COLLECT_MS = 2000
const TIMEOUT_MS = 1_200_000
const STEP_TIMEOUT_MS = 300_000

interface Footprint {
  rssAnon: number
  descriptors: number
  inodesRemembered: number
  spoolBytes: number
}

/** The kernel asks for nothing and holds nothing: names, inodes and pages are dropped. */
function dropKernelCaches(): void {
  writeFileSync('/proc/sys/vm/drop_caches', '2\n')
}

interface Counts {
  files: Record<string, number>
  replica: { commits: number }
}

async function counts(target: Target): Promise<Counts> {
  const shown = (await target.status()) as { status: { counts: Counts } } | undefined
  assert.ok(shown)
  return shown.status.counts
}

async function readFiles(target: Target): Promise<Record<string, number>> {
  return (await counts(target)).files
}

async function measure(target: Target): Promise<Footprint> {
  const pid = target.pid()
  assert.ok(pid)
  process.kill(pid, 'SIGUSR2')
  await sleep(COLLECT_MS)
  const { inodesRemembered = 0, spoolBytes = 0 } = await readFiles(target)
  return { rssAnon: rssAnon(pid), descriptors: openDescriptors(pid), inodesRemembered, spoolBytes }
}

/** Answers how many commits the untar took. */
async function work(target: Target, dir: string, archive: string): Promise<number> {
  const timeoutMs = STEP_TIMEOUT_MS
  const commits = async () => (await counts(target)).replica.commits
  mkdirSync(dir)
  const before = await commits()
  await run('tar', ['-C', dir, '-xf', archive], { timeoutMs })
  const taken = (await commits()) - before
  const env = { ...process.env, DIR: dir }
  const lines = await shell('find "$DIR" -type f -printf "%s\\n" | wc -l', { env, timeoutMs })
  assert.equal(Number(lines), 2521)
  await shell('find "$DIR" -type f -print0 | xargs -0 cat | wc -c', { env, timeoutMs })
  await run('rm', ['-rf', dir], { timeoutMs })
  return taken
}

test(`${ROUNDS} rounds of untar, find, read, rm`, { timeout: TIMEOUT_MS }, async (t) => {
  const name = targetName()
  const missing = await targetMissing(name)
  if (missing) return t.skip(missing)
  if (!name.startsWith('cass')) return t.skip(`${name} has no status to compare`)
  if (process.getuid?.() !== 0) return t.skip('only root drops the caches of the kernel')
  const roundsMin = FILLING_ROUNDS + 2 * COMPARED_ROUNDS
  assert.ok(ROUNDS >= roundsMin, `fewer than ${roundsMin} rounds cannot be compared`)
  const archive = await fetchTreeArchive()
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} ${NODE_OPTIONS}`
  const target = await openTarget(name)
  try {
    const footprints: Footprint[] = []
    for (let round = 1; round <= ROUNDS; round++) {
      const commits = await work(target, join(target.dir, `round${round}`), archive)
      footprints.push(await measure(target))
      t.diagnostic(`round ${round}: ${JSON.stringify({ ...footprints.at(-1), commits })}`)
      if (process.env.CASSFS_WRITE_LEASE !== 'off')
        assert.ok(commits <= UNTAR_COMMITS_MAX, `${commits} commits for an untar`)
    }
    compare(footprints)
    await work(target, join(target.dir, 'last'), archive)
    dropKernelCaches()
    const forgotten = async () => ((await readFiles(target)).inodesRemembered ?? 0) <= 1
    await waitFor('every inode but the root to be forgotten', forgotten)
  } finally {
    await target.close()
  }
})

function compare(footprints: readonly Footprint[]): void {
  const base = footprints.slice(FILLING_ROUNDS, FILLING_ROUNDS + COMPARED_ROUNDS)
  const last = footprints.slice(-COMPARED_ROUNDS)
  const of = (rounds: readonly Footprint[], key: keyof Footprint) =>
    median(rounds.map((round) => round[key]))
  for (const key of Object.keys(footprints[0] ?? {}) as (keyof Footprint)[])
    assert.ok(
      of(last, key) <= of(base, key) * GROWTH_MAX,
      `${key} grew from ${of(base, key)} to ${of(last, key)}`,
    )
}
