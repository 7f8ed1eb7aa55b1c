import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { programsMissing, run } from '../support/process.js'
import { chanceOf } from './chance.js'
import type { Chance } from './pages.js'
import { Pages, pageBytes } from './pages.js'
import { momentsOf, Replay } from './recording.js'
import { readSystemCalls, recordedCalls } from './system-calls.js'

const all: Chance = { isWritten: () => true, isTorn: () => false, upTo: (count) => count }
const nothing: Chance = { isWritten: () => false, isTorn: () => false, upTo: () => 0 }

test('what was synced is there, what was not may be, and never an older write over a newer', () => {
  const pages = new Pages()
  pages.write(1, 0, Buffer.from('aaaa'))
  pages.write(2, 2, Buffer.from('bb'))
  pages.sync(new Set([1, 2]))
  pages.write(3, 0, Buffer.from('c'))
  pages.write(4, 3, Buffer.from('dd'))
  assert.equal(String(pages.image(nothing)), 'aabb')
  assert.equal(String(pages.image(all)), 'cabdd')
  const last: Chance = { ...all, isWritten: (call) => call === 4 }
  assert.equal(String(pages.image(last)), 'cabdd', 'a page that got there has what came before')
  const first: Chance = { ...all, isWritten: (call) => call === 3 }
  assert.equal(String(pages.image(first)), 'cabb\0', 'its length got there, its bytes did not')
  pages.truncate(5, 1)
  assert.equal(String(pages.image(all)), 'c')
  assert.equal(String(pages.image(nothing)), 'aabb')
  pages.sync(new Set([5]))
  pages.write(6, 2, Buffer.from('e'))
  assert.equal(String(pages.image(all)), 'c\0e')
})

test('pages get there on their own, torn ones by sectors', () => {
  const pages = new Pages()
  pages.write(1, 0, Buffer.alloc(2 * pageBytes, 'a'))
  const second: Chance = { ...all, isWritten: (_, page) => page === 1 }
  const expected = Buffer.concat([Buffer.alloc(pageBytes), Buffer.alloc(pageBytes, 'a')])
  assert.deepEqual(pages.image(second), expected)
  const torn: Chance = {
    ...all,
    isTorn: () => true,
    isWritten: (_, page, sector) => page + (sector ?? 0) === 8,
  }
  const image = pages.image(torn)
  assert.deepEqual(
    Array.from({ length: 16 }, (_, sector) => image[sector * 512] !== 0),
    Array.from({ length: 16 }, (_, sector) => sector === 15),
  )
})

test('a seed gives the same disk again', () => {
  const pages = new Pages()
  for (let call = 1; call < 50; call++) pages.write(call, call * 1000, Buffer.alloc(3000, call))
  const images = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const image = pages.image(chanceOf(seed)).toString('latin1')
    assert.equal(pages.image(chanceOf(seed)).toString('latin1'), image)
    images.add(image)
  }
  assert.ok(images.size > 10)
})

const program = `
  const fs = require('node:fs')
  const [folder, notes] = process.argv.slice(1)
  const log = fs.openSync(notes, 'a')
  const fd = fs.openSync(folder + '/a', 'w+')
  fs.writeSync(fd, 'one')
  fs.fsyncSync(fd)
  fs.writeSync(log, 'synced\\n')
  const top = fs.openSync(folder, 'r')
  fs.fsyncSync(top)
  fs.writeSync(log, 'named\\n')
  fs.writeSync(fd, ' two', 3)
  fs.mkdirSync(folder + '/d')
  fs.writeFileSync(folder + '/d/b.new', 'b')
  fs.renameSync(folder + '/d/b.new', folder + '/d/b')
  fs.rmSync(folder + '/a')
`

test('a recorded program is replayed: names need an fsync of their folder', {
  skip: programsMissing(['strace'], 'apt-get install strace') ?? false,
}, async (t) => {
  const base = mkdtempSync(join(tmpdir(), 'cft-recorded-'))
  t.after(() => rmSync(base, { recursive: true, force: true }))
  const [folder, notes, trace] = ['state', 'notes', 'trace'].map((name) => join(base, name)) as [
    string,
    string,
    string,
  ]
  mkdirSync(folder)
  writeFileSync(notes, '')
  const flags = ['-f', '-xx', '-s', '10000', '-o', trace, '-e', `trace=${recordedCalls}`]
  await run('strace', [...flags, process.execPath, '-e', program, folder, notes])
  const moments = momentsOf([await readSystemCalls(trace, 0)])
  const replay = new Replay(moments, { folder, notes, isLeftOut: () => false })
  const states: string[] = []
  for (const { place } of moments) {
    replay.upTo(place)
    for (const chance of [nothing, all]) states.push(stateOf(replay, chance, base))
  }
  const changes = states.filter((state, index) => state !== states[index - 2])
  assert.deepEqual(
    [...new Set(changes)],
    [
      ['0'],
      ['0', 'a='],
      ['0', 'a=one'],
      ['1'],
      ['1', 'a=one'],
      ['2', 'a=one'],
      ['2', 'a=one two'],
      ['2', 'a=one two', 'd='],
      ['2', 'a=one two', 'd=b.new'],
      ['2', 'a=one two', 'd=b'],
      ['2', 'd=b'],
    ].map((state) => state.join(' ')),
  )
})

/** How many lines were noted, and what is in the folder. */
function stateOf({ disk, lines }: Replay, chance: Chance, base: string): string {
  const image = mkdtempSync(join(base, 'image-'))
  disk.writeImage(image, chance)
  const entries = readdirSync(image, { withFileTypes: true }).map((entry) => {
    const path = join(image, entry.name)
    return `${entry.name}=${entry.isFile() ? readFileSync(path, 'latin1') : readdirSync(path)}`
  })
  return [lines.length, ...entries.sort()].join(' ')
}
