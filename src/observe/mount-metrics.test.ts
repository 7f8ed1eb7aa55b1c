import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readExposition, valueIn } from '../../test/support/exposition.js'
import { fullStatus } from '../../test/support/full-status.js'
import { leftOut, processMetrics, statusMetrics } from './metric-names.js'
import { metricsPage } from './mount-metrics.js'
import type { ProcessFigures } from './process-figures.js'
import type { MountStatus } from './status.js'

const still: ProcessFigures = {
  cpuSeconds: 1,
  startSeconds: 2,
  memory: { anon: 1024, shared: 2048, file: 4096 },
  openFiles: 3,
  busySeconds: 4,
  lagSecondsMax: 5,
}

const pageOf = (status: MountStatus) => metricsPage(status, still)
const read = async (status: MountStatus) => readExposition((await pageOf(status)).text)

/** The paths of all that is not an object, `counts.content.hits`. */
function leavesOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]]
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]))
}

function changed(status: MountStatus, path: readonly string[]): MountStatus {
  const copy = structuredClone(status)
  const last = path.at(-1) ?? ''
  let folder = copy as unknown as Record<string, unknown>
  for (const key of path.slice(0, -1)) folder = folder[key] as Record<string, unknown>
  folder[last] = otherValue(folder[last])
  return copy
}

function otherValue(value: unknown): unknown {
  if (typeof value === 'number') return value + 5000
  if (typeof value === 'boolean') return !value
  if (!Number.isNaN(Date.parse(String(value)))) return '2027-01-02T03:04:05.000Z'
  return value === 'silent' ? 'answering' : 'foreign'
}

test('every value of a status is in a metric, or named as left out', async () => {
  const status = fullStatus()
  const { text } = await pageOf(status)
  const without: string[] = []
  for (const path of leavesOf(status)) {
    const { text: other } = await pageOf(changed(status, path))
    if (other === text) without.push(path.join('.'))
  }
  assert.deepEqual(without.sort(), Object.keys(leftOut).sort())
})

test('every metric has a value when everything is there', async () => {
  const metrics = await read(fullStatus())
  const names = Object.keys({ ...statusMetrics, ...processMetrics })
  assert.deepEqual([...metrics.keys()], names)
  const empty = names.filter((name) => !metrics.get(name)?.samples.length)
  assert.deepEqual(empty, [])
})

test('a page is of the format, whatever the mount point is called', async () => {
  const status = fullStatus()
  const metrics = await read(status)
  for (const [name, { samples }] of metrics) {
    for (const { labels } of samples) {
      const { mountpoint, owner, environment } = labels
      assert.deepEqual(
        [mountpoint, owner, environment],
        [status.mountpoint, 'shop', 'staging'],
        name,
      )
    }
  }
})

test('milliseconds become seconds', async () => {
  const status = fullStatus()
  const metrics = await read(status)
  const { oldestUncommittedMs } = status.writeLease
  const age = valueIn(metrics, 'cassfs_oldest_uncommitted_age_seconds')
  assert.equal(age, oldestUncommittedMs / 1000)
  assert.equal(
    valueIn(metrics, 'cassfs_store_call_duration_seconds_total', { method: 'getBlocks' }),
    (status.counts.store?.getBlocks_ms ?? 0) / 1000,
  )
})

test('a state is one of several samples that is 1', async () => {
  const metrics = await read(fullStatus())
  const samples = metrics.get('cassfs_write_lease_state')?.samples ?? []
  assert.deepEqual(
    samples.map(({ labels, value }) => [labels.state, value]),
    [
      ['none', 0],
      ['held', 1],
      ['recalled', 0],
      ['foreign', 0],
    ],
  )
})

test('calls of the store are told by method and by how they ended', async () => {
  const metrics = await read(fullStatus())
  const calls = (method: string, result: string) =>
    valueIn(metrics, 'cassfs_store_calls_total', { method, result })
  assert.equal(calls('getBlocks', 'ok'), 1)
  assert.equal(calls('getBlocks', 'unavailable'), 1)
  assert.equal(calls('commit', 'applied'), 1)
  assert.equal(calls('commit', 'ok'), 0)
})

test('what a mount cannot tell has no sample; nothing rescued is 0', async () => {
  const { mountpoint, owner, environment, engine, readOnly } = fullStatus()
  const metrics = await read({ mountpoint, owner, environment, engine, readOnly })
  assert.equal(valueIn(metrics, 'cassfs_mount_info', { engine: 'cassandra' }), 1)
  assert.equal(valueIn(metrics, 'cassfs_rescue_entries'), 0)
  assert.equal(valueIn(metrics, 'cassfs_mount_detached'), 0)
  assert.deepEqual(metrics.get('cassfs_volume_seq')?.samples, [])
  assert.deepEqual(metrics.get('cassfs_requests_total')?.samples, [])
})
