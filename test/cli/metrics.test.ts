/** What a mount says over HTTP: the metrics of a real one, its health, and addresses that cannot be had. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { open, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { readExposition, valueIn } from '../support/exposition.js'
import { waitFor } from '../support/process.js'
import { targetMissing } from '../support/target.js'
import { openSandbox, type Sandbox } from './cassfs.js'
import { cleanUp, type ForegroundMount, isMounted, makeFolder, startMount } from './mounts.js'

const skip = (await targetMissing('cassfs')) ?? false

describe('-metrics', { skip }, () => {
  let sandbox: Sandbox
  let folder: string
  let mounts: ForegroundMount[]

  beforeEach(() => {
    sandbox = openSandbox()
    folder = makeFolder(sandbox, 'site')
    mounts = []
  })
  afterEach(async () => {
    await cleanUp(mounts, sandbox.folder)
    sandbox.close()
  })

  const start = async (...args: string[]) => {
    const mount = await startMount(sandbox, [...args, folder])
    mounts.push(mount)
    const [, address] = /metrics are served address=(127\.0\.0\.1:\d+)/.exec(mount.log()) ?? []
    return { mount, url: `http://${address}` }
  }
  const ask = async (url: string) => {
    const response = await fetch(url)
    return { status: response.status, text: await response.text() }
  }
  const metricsOf = async (url: string) => readExposition((await ask(`${url}/metrics`)).text)

  test('tells what status tells, while the mount is there', async () => {
    const { mount, url } = await start('-metrics=127.0.0.1:0')
    await writeFile(join(folder, 'a'), 'x'.repeat(3000))
    assert.equal(await readFile(join(folder, 'a'), 'utf8'), 'x'.repeat(3000))
    const metrics = await metricsOf(url)
    const { stdout } = await sandbox.run(['status', '--json', folder])
    const [{ status }] = JSON.parse(stdout)
    const labels = { mountpoint: folder, owner: '1', environment: 'prod' }
    assert.equal(valueIn(metrics, 'cassfs_mount_info', { ...labels, engine: 'lmdb' }), 1)
    assert.equal(valueIn(metrics, 'cassfs_volume_used_bytes', labels), status.usedBytes)
    assert.equal(valueIn(metrics, 'cassfs_volume_used_inodes'), status.usedInodes)
    assert.equal(valueIn(metrics, 'cassfs_volume_seq'), status.seq)
    assert.equal(valueIn(metrics, 'cassfs_store_answering'), 1)
    for (const operation of ['lookup', 'create', 'write', 'flush'])
      assert.ok(Number(valueIn(metrics, 'cassfs_requests_total', { operation })) >= 1, operation)
    const commits = { method: 'commit', result: 'applied' }
    assert.ok(Number(valueIn(metrics, 'cassfs_store_calls_total', commits)) >= 2)
    assert.deepEqual(await ask(`${url}/healthz`), { status: 200, text: 'ok\n' })
    mount.signal('SIGINT')
    assert.equal(await mount.ended, 0, mount.log())
    await assert.rejects(ask(`${url}/healthz`))
  })

  test('tells that the write lease is held, and what waits behind it', async () => {
    const { url } = await start('-metrics=0', '-write_lease=true')
    for (let at = 0; at < 50; at++) await writeFile(join(folder, `f${at}`), `file ${at}`)
    const metrics = await metricsOf(url)
    const state = (name: string) => valueIn(metrics, 'cassfs_write_lease_state', { state: name })
    assert.deepEqual(['none', 'held', 'recalled', 'foreign'].map(state), [0, 1, 0, 0])
    assert.ok(Number(valueIn(metrics, 'cassfs_journal_bytes')) > 0)
    assert.ok(Number(valueIn(metrics, 'cassfs_changes_answered_early_total')) > 0)
    assert.equal(valueIn(metrics, 'cassfs_lost_changes_total'), 0)
    await waitFor('all to be committed', async () => {
      const later = await metricsOf(url)
      const waiting = ['cassfs_uncommitted_changes', 'cassfs_oldest_uncommitted_age_seconds']
      return waiting.every((name) => valueIn(later, name) === 0)
    })
  })

  test('a mount that was detached is not healthy, and still tells', async () => {
    const { mount, url } = await start('-metrics=127.0.0.1:0')
    const held = await open(join(folder, 'held'), 'w')
    mount.signal('SIGINT')
    await waitFor('the mount to be detached', async () => !(await isMounted(folder)))
    await waitFor('it to be said', async () => (await ask(`${url}/healthz`)).status === 503)
    assert.equal(valueIn(await metricsOf(url), 'cassfs_mount_detached'), 1)
    await held.close()
    assert.equal(await mount.ended, 0, mount.log())
  })

  test('an address in use keeps the mount from being made', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    for (const way of [[], ['--background']]) {
      const refused = await sandbox.run([`-metrics=${port}`, ...way, folder])
      assert.equal(refused.status, 1)
      assert.match(
        refused.stderr,
        /^cassfs: option -metrics: 127\.0\.0\.1:\d+ is in use by another program; give this mount/m,
      )
      assert.equal(await isMounted(folder), false)
    }
    other.close()
    const { mount } = await start(`-metrics=${port}`)
    assert.match(mount.log(), new RegExp(`address=127.0.0.1:${port}\\n`))
  })

  test('an address that is none is refused, wherever it is written', async () => {
    const flag = await sandbox.run(['-metrics=localhost', folder])
    assert.equal(flag.status, 2)
    assert.match(flag.stderr, /option -metrics: "localhost" .* is not allowed; allowed: host:port/)
    const env = { CASSFS_METRICS: '127.0.0.1:70000' }
    const variable = await sandbox.run([folder], { env })
    assert.equal(variable.status, 2)
    assert.match(variable.stderr, /from CASSFS_METRICS/)
  })

  test('a file asks for metrics, a flag does without', async () => {
    const file = join(sandbox.folder, 'cassfs.yaml')
    await writeFile(file, 'metrics: 127.0.0.1:0\n', { mode: 0o600 })
    const { mount, url } = await start()
    assert.equal((await ask(`${url}/healthz`)).status, 200)
    mount.signal('SIGINT')
    assert.equal(await mount.ended, 0)
    const { mount: without } = await start('-metrics=off')
    assert.doesNotMatch(without.log(), /metrics/)
  })
})
