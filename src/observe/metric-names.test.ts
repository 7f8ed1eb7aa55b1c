import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commonLabels, metricGroups, processMetrics, statusMetrics } from './metric-names.js'

const listed = Object.values(metricGroups).flatMap((group) => Object.entries(group))

/** Base units of Prometheus; never a multiple of one. */
const otherUnits =
  /_(ms|millis|milliseconds|microseconds|us|minutes|hours|kb|kib|mb|mib|kilobytes)(_|$)/
/** Names that dashboards of any program know. */
const ofProcesses = new Set([
  'process_cpu_seconds_total',
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'process_open_fds',
])

test('metrics are named as Prometheus wishes', () => {
  for (const [name, { type }] of listed) {
    assert.match(name, /^[a-z]+(_[a-z]+)+$/, name)
    assert.ok(name.startsWith('cassfs_') || ofProcesses.has(name), name)
    assert.equal(name.endsWith('_total'), type === 'counter', name)
    assert.doesNotMatch(name, otherUnits, name)
  }
})

test('every metric is in one group, and explained in a sentence', () => {
  const all = Object.keys({ ...statusMetrics, ...processMetrics })
  assert.deepEqual(listed.map(([name]) => name).sort(), all.sort())
  for (const [name, { help }] of listed) assert.match(help, /^[A-Z].{10,}\.$/, name)
})

test('labels are in lower case, and none hides one that all have', () => {
  for (const [name, { labels }] of listed) {
    for (const label of labels) assert.match(label, /^[a-z]+(_[a-z]+)*$/, name)
    for (const label of labels) assert.ok(!commonLabels.some((each) => each === label), name)
  }
})
