/**
 * stress-ng (Debian): every stressor of its class `filesystem`, with its own checks on. One that is left out
 * stands below with the reason, and is run all the same: a reason that no longer holds fails. Afterwards the
 * mount must answer, and no process may be left. CASSFS_TEST_STRESS_S: seconds of each stressor.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { findHolders } from '../../src/mount/holders.js'
import { programsMissing, waitFor } from '../support/process.js'
import { openTarget, type Target, targetMissing, targetName } from '../support/target.js'

const SECONDS = Number(process.env.CASSFS_TEST_STRESS_S ?? 2)
const AT_A_TIME = 2
/** Behind its time a stressor takes away what it made, and some wait for a sync(2) of the machine. */
const TIMEOUT_MS = SECONDS * 1000 + 120_000
const STRESSORS_MIN = 45
const LEFT_OUT_MAX = 8

/** Why they cannot run: on any file system here, or on FUSE, whose kernel side has no such call. */
const LEFT_OUT = new Map([
  ['bind-mount', 'does not run without --pathological: may hang the machine'],
  ['binderfs', 'needs binderfs in the kernel, and is about nothing else'],
  ['fiemap', 'the kernel asks no FUSE server for FS_IOC_FIEMAP; lseek(2) tells holes'],
  ['verity', 'the kernel enables fs-verity on ext4, f2fs and btrfs alone'],
])

const name = targetName()
const missing =
  (await targetMissing(name)) ??
  programsMissing(['stress-ng'], 'apt-get install stress-ng') ??
  (process.getuid?.() === 0 ? undefined : 'many stressors want root')

interface Stressed {
  readonly status: number
  readonly output: string
}

function stress(dir: string, stressor: string): Promise<Stressed> {
  const flags = [`--${stressor}`, '1', '--timeout', `${SECONDS}s`, '--verify', '--temp-path', dir]
  return new Promise((resolve) => {
    const limits = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: 16 << 20 } as const
    const child = execFile('stress-ng', flags, limits, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}${error?.killed ? '\nkilled: it took too long' : ''}`
      resolve({ status: child.exitCode ?? -1, output })
    })
  })
}

interface Shown {
  readonly status: { readonly counts: { readonly files: Record<string, number> } }
}

async function listStressors(): Promise<string[]> {
  // It lists them and fails, as "filesystem?" is no class.
  const listed = await new Promise<string>((resolve) => {
    execFile('stress-ng', ['--class', 'filesystem?'], (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    )
  })
  const names = /stressors: (.+)$/m.exec(listed)?.[1]?.trim().split(/\s+/) ?? []
  assert.ok(names.length >= STRESSORS_MIN, `only these stressors: ${listed}`)
  return names
}

/** Some that find that they cannot run here say so, and end with 0. */
function hasPassed({ status, output }: Stressed): boolean {
  return status === 0 && !/\bskipp(ing|ed)\b|\bfail: /i.test(output)
}

const stressors = missing ? [] : await listStressors()

describe(`stress-ng on ${name}`, { skip: missing ?? false }, () => {
  let target: Target
  before(async () => {
    target = await openTarget(name)
  })
  after(() => target?.close())

  describe('stressors', { concurrency: AT_A_TIME }, () => {
    for (const stressor of stressors)
      test(stressor, async (t) => {
        const why = LEFT_OUT.get(stressor)
        const stressed = await stress(target.dir, stressor)
        if (why === undefined) return assert.ok(hasPassed(stressed), stressed.output)
        if (target.name.startsWith('cass'))
          assert.ok(!hasPassed(stressed), `passes: take it out of the list (${why})`)
        t.skip(why)
      })
  })

  test('what is left out is known and little', () => {
    for (const stressor of LEFT_OUT.keys()) assert.ok(stressors.includes(stressor), stressor)
    assert.ok(LEFT_OUT.size <= LEFT_OUT_MAX)
  })

  test('the mount answers, is empty, and nobody is left on it', async () => {
    const nobodyHolds = async () => (await findHolders({ mountpoint: target.dir }))?.length === 0
    await waitFor('every stressor to have ended', nobodyHolds)
    assert.deepEqual(readdirSync(target.dir), [])
    const file = join(target.dir, 'file')
    await writeFile(file, 'answers')
    assert.equal(await readFile(file, 'utf8'), 'answers')
    if (!target.name.startsWith('cass')) return
    const { files } = ((await target.status()) as unknown as Shown).status.counts
    assert.equal(files.saveErrors, 0)
  })
})
