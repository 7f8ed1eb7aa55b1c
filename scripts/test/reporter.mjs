/**
 * A reporter for `node --test`: one line a test file, every failure whole, every skip with its
 * reason. Each result is also appended, as a line of JSON, to the file that CASSFS_TEST_RESULTS
 * names: counts survive even when the test runner itself has to be ended.
 */
import { appendFileSync } from 'node:fs'
import { relative } from 'node:path'
import { inspect } from 'node:util'

const ERROR_LINES_MAX = 80
const resultsPath = process.env.CASSFS_TEST_RESULTS
const buildDir = process.env.CASSFS_TEST_BUILD ?? process.cwd()

/** The source's path below the project, whether or not a source map led back to it. */
function sourceOf(file) {
  const path = relative(buildDir, file)
  return (path.startsWith('..') ? relative(process.cwd(), file) : path).replace(/\.js$/, '.ts')
}

/** Nothing when an event is no result of its own: a suite, or a parent that failed by its child. */
function classify(event) {
  const { details, name, file, skip, todo } = event.data
  if (event.type === 'test:fail')
    return details.error?.failureType === 'subtestsFailed' ? undefined : 'failed'
  if (skip !== undefined || todo !== undefined) return 'skipped'
  if (details.type === 'suite') return undefined
  return name === file ? 'empty' : 'passed'
}

function reasonOf({ skip, todo }) {
  const reason = skip ?? todo
  return typeof reason === 'string' && reason !== '' ? reason : 'no reason given'
}

function describeError(error) {
  const cause = error?.cause ?? error
  const text = typeof cause === 'string' ? cause : inspect(cause, { depth: 4 })
  const lines = text.split('\n')
  const shown = lines.slice(0, ERROR_LINES_MAX)
  if (lines.length > shown.length) shown.push(`(${lines.length - shown.length} more lines)`)
  return shown.map((line) => `    ${line}`).join('\n')
}

function record(outcome, file, data) {
  if (!resultsPath) return
  const result = { outcome, file, name: data.name, ms: Math.round(data.details.duration_ms) }
  if (outcome === 'skipped') result.reason = reasonOf(data)
  appendFileSync(resultsPath, `${JSON.stringify(result)}\n`)
}

function render(outcome, file, data) {
  if (outcome === 'failed')
    return `FAIL ${file}: ${data.name}\n${describeError(data.details.error)}\n`
  if (outcome === 'empty') return `FAIL ${file}: the file holds no test\n`
  if (outcome === 'skipped') return `SKIP ${file}: ${data.name}: ${reasonOf(data)}\n`
  return ''
}

export default async function* report(events) {
  for await (const event of events) {
    const { data, type } = event
    if (type === 'test:stderr') yield data.message
    if (type === 'test:diagnostic' && data.file)
      yield `NOTE ${sourceOf(data.file)}: ${data.message}\n`
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const outcome = classify(event)
    if (!outcome) continue
    const file = sourceOf(data.file ?? '')
    record(outcome === 'empty' ? 'failed' : outcome, file, data)
    yield render(outcome, file, data)
  }
}
