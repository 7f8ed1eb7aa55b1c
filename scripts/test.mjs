#!/usr/bin/env node
/**
 * `npm test [-- FILTER...]`: installs, compiles and runs every test that this machine can run; a
 * FILTER is a part of a test file's path (`npm test -- src/fuse`). Test files that mount run one at
 * a time, the others two at a time. Afterwards whatever a test left behind is unmounted and ended,
 * and counts as a failure. Last line: `N passed, N failed, N skipped`.
 *
 * `*.test.ts` run by default; `--heavy` runs `*.e2e.ts` instead (what .ci/run installs programs
 * for), `--soak` runs `*.soak.ts`. CASSFS_TEST_LIMIT_MS bounds the whole run.
 */
import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { startCluster, stopCluster } from './cassandra/cluster.mjs'
import { whatIsMissing } from './cassandra/java.mjs'
import { BUILDS, build, filesBelow, install, root } from './prepare.mjs'
import { whatStopsEverything, whatStopsMounting } from './requirements.mjs'
import { MARK, mountsBelow, removeLeftovers } from './test/leftovers.mjs'

/** Kinds of tests: how their files end, and how long a file and the whole run may take. */
const KINDS = {
  test: { suffix: '.test.js', fileTimeoutMs: 240_000, limitMs: 465_000 },
  heavy: { suffix: '.e2e.js', fileTimeoutMs: 1_500_000, limitMs: 3_600_000 },
  soak: { suffix: '.soak.js', fileTimeoutMs: 86_400_000, limitMs: 86_400_000 },
}
const kind = KINDS[['heavy', 'soak'].find((name) => process.argv.includes(`--${name}`)) ?? 'test']
const filters = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const limitMs = Number(process.env.CASSFS_TEST_LIMIT_MS ?? kind.limitMs)
/** Where tests start servers, or act on all mounts of the machine: these run one at a time. */
const SERIAL =
  /^(test\/(mount|e2e|crash|cluster|lease|semantics)|src\/(mount|cli))\/|^test\/cli\/(dead|user)-mount|mount-reference/
const buildDir = join(root, BUILDS.test.outDir)
const startedAt = Date.now()
/** A signal ends the tests; what they left is still cleaned up. */
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => interrupted.abort(signal))

function selectTests() {
  return ['src', 'test', 'bench']
    .map((dir) => join(buildDir, dir))
    .filter((dir) => existsSync(dir))
    .flatMap(filesBelow)
    .filter((path) => path.endsWith(kind.suffix))
    .map((path) => relative(buildDir, path))
    .filter((path) => filters.length === 0 || filters.some((part) => matches(path, part)))
    .sort()
}

function matches(path, filter) {
  const wanted = filter.replace(/^\.\//, '')
  return path.includes(wanted) || path.replace(/\.js$/, '.ts').includes(wanted)
}

/** Runs files under node --test; kills it when the time of the whole run is over. */
function runFiles(files, concurrency, env) {
  if (files.length === 0 || interrupted.signal.aborted)
    return Promise.resolve({ code: 0, timedOut: false })
  const flags = [
    '--test',
    '--enable-source-maps',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${kind.fileTimeoutMs}`,
    `--test-reporter=${join(root, 'scripts/test/reporter.mjs')}`,
    '--test-reporter-destination=stdout',
  ]
  const paths = files.map((file) => join(buildDir, file))
  const child = spawn(process.execPath, [...flags, ...paths], { cwd: root, env, stdio: 'inherit' })
  let timedOut = false
  const left = limitMs - (Date.now() - startedAt)
  const timer = setTimeout(
    () => {
      timedOut = true
      child.kill('SIGKILL')
    },
    Math.max(left, 1000),
  )
  interrupted.signal.addEventListener('abort', () => child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, timedOut })
    })
  })
}

/** One Cassandra for all tests of the run; without one, the reason why they will skip. */
async function startCassandra(files, dir) {
  const wanted = (file) => readFileSync(join(buildDir, file), 'utf8').includes('support/cassandra')
  if (process.env.CASSFS_TEST_SERVER || process.env.CASSFS_TEST_NO_CASSANDRA) return {}
  if (!files.some(wanted)) return {}
  const missing = whatIsMissing()
  if (missing) return { CASSFS_TEST_NO_CASSANDRA: missing }
  try {
    console.log('Starting Cassandra for the tests ...')
    const { server } = await startCluster(dir)
    return { CASSFS_TEST_SERVER: server }
  } catch (error) {
    return { CASSFS_TEST_NO_CASSANDRA: `it could not be started: ${error.message}` }
  }
}

function readResults(path) {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line))
}

/** Where the time went: files that took longest, by the sum of their tests. */
function slowest(results) {
  const seconds = new Map()
  for (const { file, ms } of results) seconds.set(file, (seconds.get(file) ?? 0) + ms / 1000)
  const sorted = [...seconds].sort((a, b) => b[1] - a[1]).slice(0, 8)
  return sorted.map(([file, s]) => `${Math.round(s)} s ${file}`).join(', ')
}

function count(results, outcome) {
  return results.filter((result) => result.outcome === outcome).length
}

/** What went wrong beside the tests' own results. */
function problemsOf(runs, results, typesRight, leftovers) {
  const problems = leftovers.map((each) => `left behind by a test: ${each}`)
  if (interrupted.signal.aborted) problems.push(`ended by ${interrupted.signal.reason}`)
  if (!typesRight) problems.push('the sources do not compile without errors')
  if (runs.some((each) => each.timedOut))
    problems.push(`not finished after ${limitMs / 1000} s; the tests that ran last are above`)
  else if (results.length === 0) problems.push('no test gave a result')
  else if (runs.some((each) => each.code !== 0) && count(results, 'failed') === 0)
    problems.push('node --test failed without naming a test')
  for (const { signal, timedOut } of runs)
    if (signal && !timedOut) problems.push(`node --test was ended by ${signal} from outside`)
  return problems
}

async function runAll(files, typesRight, tmp) {
  const run = String(process.pid)
  process.env[MARK] = run
  const resultsPath = join(tmp, 'results')
  writeFileSync(resultsPath, '')
  const cassandraDir = join(tmp, 'cassandra')
  const env = {
    ...process.env,
    ...(await startCassandra(files, cassandraDir)),
    TMPDIR: tmp,
    CASSFS_TEST_RESULTS: resultsPath,
    CASSFS_TEST_BUILD: buildDir,
  }
  delete env.NODE_TEST_CONTEXT // of a test that runs this: node --test would report to that one
  // A test may run this very command; node would take its tests for a part of the outer ones.
  const parallel = files.filter((file) => !SERIAL.test(file))
  const serial = files.filter((file) => SERIAL.test(file))
  const runs = [await runFiles(parallel, 2, env), await runFiles(serial, 1, env)]
  await stopCluster(cassandraDir, 'SIGKILL')
  const leftovers = await removeLeftovers(run, tmp)
  const results = readResults(resultsPath)
  return { results, problems: problemsOf(runs, results, typesRight, leftovers) }
}

async function main() {
  const stops = whatStopsEverything()
  for (const problem of stops) console.error(problem)
  if (stops.length > 0) return 1
  for (const problem of whatStopsMounting())
    console.log(`Tests that mount will be skipped: ${problem}`)
  install()
  const typesRight = [build('dist'), build('test')].every(Boolean)
  const files = selectTests()
  if (files.length === 0) {
    console.error('no test file matches')
    return 1
  }
  // Short: the path of a socket below it has at most 107 bytes.
  const tmp = realpathSync(mkdtempSync(join(tmpdir(), 'cft-')))
  chmodSync(tmp, 0o1777) // as /tmp: tests and their servers run as other users too
  const { results, problems } = await runAll(files, typesRight, tmp)
  // A mount that could not be detached would be emptied with the folder.
  if (mountsBelow(tmp).length === 0) rmSync(tmp, { recursive: true, force: true })
  for (const problem of problems) console.error(`FAIL ${problem}`)
  const failed = count(results, 'failed') + problems.length
  console.log(`Longest: ${slowest(results)}`)
  console.log(`${files.length} test files in ${Math.round((Date.now() - startedAt) / 1000)} s`)
  console.log(
    `${count(results, 'passed')} passed, ${failed} failed, ${count(results, 'skipped')} skipped`,
  )
  return failed === 0 ? 0 : 1
}

process.exitCode = await main()
