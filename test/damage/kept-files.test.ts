/** What is kept for rescue and the register of mounts, damaged: told as what it is, never in the way, never lost. */
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { listRunningMounts, registerMount } from '../../src/mount/running-mounts.js'
import { entryVersion } from '../../src/rescue/rescue-entry.js'
import { countRescued, listRescued } from '../../src/rescue/rescue-files.js'
import { RescueFolder } from '../../src/rescue/rescue-folder.js'
import {
  emptied,
  type FileDamage,
  flipped,
  folderInstead,
  halved,
  scribbled,
} from './file-damages.js'

const seed = Number(process.env.CASSFS_SEED ?? Math.floor(Math.random() * 2 ** 31))
const text = 'bytes that were not stored'

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cassfs-kept-'))
  try {
    await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function keepTwo(directory: string): Promise<string> {
  const folder = new RescueFolder({ directory, bytesMax: 2 ** 30 })
  const why = { errno: 5, code: 'EIO', message: 'the store is silent' }
  const facts = {
    version: entryVersion,
    owner: '1',
    environment: 'prod',
    volume: 'v',
    why,
  } as const
  const ids: string[] = []
  for (let n = 0; n < 2; n++) {
    const draft = folder.begin()
    draft.write(0, Buffer.from(text))
    const time = '2024-05-06T07:08:09.000Z'
    draft.describe({ ...facts, kind: 'file', time, path: `/file${n}`, size: text.length })
    await draft.publish()
    ids.push(draft.id)
  }
  return ids[0] ?? ''
}

test('a damaged rescue entry is told as one, its bytes stay, and the others are as they were', () =>
  inFolder(async (folder) => {
    const sound = join(folder, 'sound')
    const id = await keepTwo(sound)
    const damages: FileDamage[] = [...flipped(60, seed), emptied, halved, scribbled, folderInstead]
    for (const damage of damages) {
      const directory = join(folder, 'damaged')
      cpSync(sound, directory, { recursive: true })
      damage.apply(join(directory, `${id}.json`))
      const listed = listRescued(directory)
      const what = `${damage.name}, CASSFS_SEED=${seed}`
      assert.deepEqual(
        listed.map((one) => one.id).sort(),
        [...new Set(listed.map((one) => one.id))].sort(),
        what,
      )
      assert.equal(listed.length, 2, what)
      const hit = listed.find((one) => one.id === id)
      const other = listed.find((one) => one.id !== id)
      assert.ok(other?.entry, what)
      assert.ok(hit && (hit.entry || hit.problem.length > 0), what)
      assert.equal(readFileSync(join(directory, `${id}.data`), 'utf8'), text, what)
      assert.equal(countRescued(directory).entries, 2, what)
      // A mount that begins completes what is unfinished, and touches nothing else.
      const names = readdirSync(directory).sort()
      await new RescueFolder({ directory, bytesMax: 2 ** 30 }).recover(assert.fail)
      assert.deepEqual(readdirSync(directory).sort(), names, what)
      rmSync(directory, { recursive: true })
    }
  }))

test('a damaged file of the register keeps nobody from mounting there, nor the others from being seen', () =>
  inFolder(async (folder) => {
    const entry = (mountpoint: string) => ({
      mountpoint,
      owner: '1',
      environment: 'prod',
      engine: 'lmdb',
      readOnly: false,
      version: '0',
    })
    const register = join(folder, 'register')
    const other = await registerMount(register, entry('/other'))
    const names = () => readdirSync(register).filter((name) => name.endsWith('.json'))
    const before = names()
    for (const damage of [...flipped(40, seed), emptied, halved, scribbled]) {
      const first = await registerMount(register, entry('/here'))
      const file = names().find((name) => !before.includes(name)) ?? assert.fail()
      damage.apply(join(register, file))
      const seen = (await listRunningMounts([register])).map(({ mountpoint }) => mountpoint)
      assert.ok(seen.includes('/other'), `${damage.name}, CASSFS_SEED=${seed}`)
      await first.release()
      assert.equal(existsSync(join(register, file)), false)
      const again = await registerMount(register, entry('/here'))
      await again.release()
    }
    await other.release()
  }))
