/**
 * Two public suites that judge file systems: pjdfstest (every POSIX call: modes, owners, errnos,
 * times) and fsx (random operations on one file, every read verified). `.ci/run` installs them.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { findProgram } from '../support/process.js'
import { projectPath } from '../support/project.js'
import { openTarget, type Target, targetMissing, targetName } from '../support/target.js'

const name = targetName()
const missing = await targetMissing(name)
const cache = process.env.CASSFS_TEST_CACHE ?? join(homedir(), '.cache/cassfs-test')
const suites = [join(cache, 'suites/bin')]
const pjdfstest = findProgram('pjdfstest', suites)
const fsx = findProgram('fsx', suites)
const ADVICE = 'cargo install --locked pjdfstest@0.2.2 fsx@0.3.2'
const SUITE_TIMEOUT_MS = 300_000

const CONFIG = `[features]
posix_fallocate = {}
rename_ctime = {}
stat_st_birthtime = {}
utime_now = {}
utimensat = {}
[settings]
naptime = 0.02
allow_remount = false
[dummy_auth]
entries = [["nobody", "nogroup"], ["games", "games"]]
`

interface Case {
  name: string
  outcome: 'ok' | 'FAILED' | 'skipped'
  message: string
}

/** Reads `name  outcome` lines; what a case said follows its line, indented. */
function parseCases(output: string): Case[] {
  const cases: Case[] = []
  for (const line of output.split('\n')) {
    const match = /^(\S+::\S+)\s+(ok|FAILED|skipped)$/.exec(line)
    if (match)
      cases.push({ name: match[1] as string, outcome: match[2] as Case['outcome'], message: '' })
    const last = cases.at(-1)
    if (last && last.outcome !== 'ok' && /^\t/.test(line)) last.message += `${line.trim()} `
  }
  return cases
}

function readExpected(): Map<string, string> {
  const text = readFileSync(projectPath('test/e2e/pjdfstest-expected.txt'), 'utf8')
  const rows = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    rows.map((row) => {
      const [, key, why] = /^(\S+): (.+)$/.exec(row) ?? []
      assert.ok(key && why, `pjdfstest-expected.txt: no reason in: ${row}`)
      return [key, why]
    }),
  )
}

/** Runs a suite to its end, whatever it says, and answers its exit code and output. */
function runSuite(program: string, flags: string[]): Promise<{ code: number; output: string }> {
  const options = { timeout: SUITE_TIMEOUT_MS, killSignal: 'SIGKILL' as const }
  const env = { ...process.env, RUST_BACKTRACE: '0' }
  return new Promise((resolve, reject) => {
    const child = spawn(program, flags, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? -1, output }))
  })
}

describe(`public suites on ${name}`, { skip: missing ?? false }, () => {
  let target: Target
  before(async () => {
    target = await openTarget(name)
  })
  after(() => target?.close())

  const skipPjdfstest = pjdfstest
    ? process.getuid?.() !== 0 && 'pjdfstest has to run as root'
    : `pjdfstest not found; ${ADVICE}`
  test('pjdfstest', { skip: skipPjdfstest, timeout: SUITE_TIMEOUT_MS }, async (t) => {
    const config = join(target.workDir, 'pjdfstest.toml')
    writeFileSync(config, CONFIG)
    const other = mkdtempSync('/dev/shm/cassfs-pjdfstest-')
    const flags = ['-c', config, '-p', target.dir, '-s', other]
    const { output } = await runSuite(pjdfstest as string, flags)
    rmSync(other, { recursive: true, force: true })
    const cases = parseCases(output)
    assert.ok(cases.length >= 390, `only ${cases.length} cases ran:\n${output.slice(-2000)}`)
    const expected = readExpected()
    for (const each of cases)
      await t.test(each.name, { skip: skipOf(each, expected) }, () => judge(each, expected))
    const names = new Set(cases.map((each) => each.name))
    for (const key of expected.keys()) assert.ok(names.has(key), `no such case: ${key}`)
  })

  function skipOf(each: Case, expected: Map<string, string>): string | false {
    if (each.outcome === 'skipped') return `by pjdfstest: ${each.message || 'no reason given'}`
    const why = expected.get(each.name)
    return why !== undefined && each.outcome === 'FAILED' ? `expected to fail: ${why}` : false
  }

  function judge(each: Case, expected: Map<string, string>): void {
    if (each.outcome === 'FAILED') assert.fail(each.message)
    assert.ok(!expected.has(each.name), 'passes: take it out of pjdfstest-expected.txt')
  }

  const operations = process.env.CASSFS_TEST_FSX_OPERATIONS ?? '20000'
  const first = Number(process.env.CASSFS_TEST_SEED ?? Date.now() % 1_000_000)
  for (const seed of [first, first + 1, first + 2])
    test(`fsx -N ${operations} -S ${seed}`, {
      skip: fsx ? false : `fsx not found; ${ADVICE}`,
    }, async () => {
      const file = join(target.dir, `fsx.${seed}`)
      const flags = ['-N', operations, '-S', String(seed), '-P', target.workDir, file]
      const { code, output } = await runSuite(fsx as string, flags)
      assert.equal(code, 0, output.slice(-6000))
      assert.match(output, /All operations completed A-OK/)
    })
})
