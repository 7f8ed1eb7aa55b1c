/**
 * Two public suites that judge file systems: pjdfstest (every POSIX call: modes, owners, errnos,
 * times) and fsx (random operations on one file, every read verified). `.ci/run` installs them.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { withInstalled } from '../support/installed.js'
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
const EROFS_CASES = 13
const SUITE_TIMEOUT_MS = 300_000

const CONFIG = `[features]
posix_fallocate = {}
rename_ctime = {}
stat_st_birthtime = {}
utime_now = {}
utimensat = {}
[settings]
naptime = 0.02
allow_remount = REMOUNT
[dummy_auth]
entries = [["nobody", "nogroup"], ["games", "games"]]
`

/** Every kind of operation that fsx knows. */
const FSX_CONFIG = `flen = 400000
[opsize]
min = 1
max = 50000
[weights]
close_open = 0.5
invalidate = 1
mapread = 10
mapwrite = 10
read = 10
write = 10
truncate = 5
fsync = 0.5
fdatasync = 0.5
posix_fallocate = 5
punch_hole = 5
sendfile = 5
posix_fadvise = 2
copy_file_range = 10
`

const SKIPPED = new Map([
  ['link::link_count_max', 'pathconf(3) knows no LINK_MAX of FUSE; src/vfs/limits.test.ts has it'],
])

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

/** Another target than CassFS may leave out what it likes. */
function skipOf({ name: of, outcome, message }: Case): string | false {
  if (outcome !== 'skipped') return false
  return SKIPPED.get(of) ?? (name.startsWith('cass') ? false : `by pjdfstest: ${message}`)
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

/**
 * All cases, then those of EROFS alone, where the target can be mounted read-only: a case before leaves a file
 * open for writing, on any file system, until the process ends.
 */
async function runPjdfstest(target: Target, other: string): Promise<Case[]> {
  const config = join(target.workDir, 'pjdfstest.toml')
  const words = [pjdfstest as string, '-c', config, '-p', target.dir, '-s', other]
  writeFileSync(config, CONFIG.replace('REMOUNT', 'false'))
  const all = await runSuite(words[0] as string, words.slice(1))
  const cases = parseCases(all.output)
  assert.ok(cases.length >= 390, `only ${cases.length} cases ran:\n${all.output.slice(-2000)}`)
  if (!target.name.startsWith('cass')) return cases
  writeFileSync(config, CONFIG.replace('REMOUNT', 'true'))
  const remounting = withInstalled(installCassfs(target.workDir), [...words, 'erofs'])
  const { output } = await runSuite(...remounting)
  const readOnly = parseCases(output)
  assert.equal(readOnly.length, EROFS_CASES, output.slice(-2000))
  return [...cases, ...readOnly]
}

/** A folder with the program `cassfs`: mount(8) calls it to mount read-only and back. */
function installCassfs(workDir: string): string {
  const folder = join(workDir, 'bin')
  mkdirSync(folder)
  const script = `import(${JSON.stringify(projectPath('bin/cassfs.js'))})`
  writeFileSync(join(folder, 'cassfs'), `#!${process.execPath}\n${script}\n`, { mode: 0o755 })
  return folder
}

for (const flags of name.startsWith('cass') ? [[], ['-write_lease=off']] : [[]])
  describe(`public suites on ${[name, ...flags].join(' ')}`, { skip: missing ?? false }, () =>
    suitesOn(flags),
  )

function suitesOn(flags: string[]): void {
  let target: Target
  before(async () => {
    target = await openTarget(name, flags)
  })
  after(() => target?.close())

  const skipPjdfstest = pjdfstest
    ? process.getuid?.() !== 0 && 'pjdfstest has to run as root'
    : `pjdfstest not found; ${ADVICE}`
  test('pjdfstest', { skip: skipPjdfstest, timeout: SUITE_TIMEOUT_MS }, async (t) => {
    const other = mkdtempSync('/dev/shm/cassfs-pjdfstest-')
    const cases = new Map<string, Case>()
    try {
      for (const each of await runPjdfstest(target, other)) cases.set(each.name, each)
    } finally {
      rmSync(other, { recursive: true, force: true })
    }
    for (const each of cases.values())
      await t.test(each.name, { skip: skipOf(each) }, () => {
        assert.equal(each.outcome, 'ok', each.message)
      })
  })

  // Without the lease each close waits for the store: the same ways through the code, fewer of them.
  const operations = process.env.CASSFS_TEST_FSX_OPERATIONS ?? (flags.length > 0 ? '5000' : '20000')
  const first = Number(process.env.CASSFS_TEST_SEED ?? Date.now() % 1_000_000)
  for (const seed of flags.length > 0 ? [first] : [first, first + 1])
    test(`fsx -N ${operations} -S ${seed}`, {
      skip: fsx ? false : `fsx not found; ${ADVICE}`,
    }, async () => {
      const config = join(target.workDir, 'fsx.toml')
      writeFileSync(config, FSX_CONFIG)
      const file = join(target.dir, `fsx.${seed}`)
      const words = ['-f', config, '-N', operations, '-S', String(seed), '-P', target.workDir, file]
      const { code, output } = await runSuite(fsx as string, words)
      assert.equal(code, 0, output.slice(-6000))
      assert.match(output, /All operations completed A-OK/)
    })
}
