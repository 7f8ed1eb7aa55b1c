// A copy of a volume is written to without syncs: from the first of these writes on no power cut may leave a
// disk that calls it whole.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { programsMissing, run } from '../support/process.js'
import type { Chance } from './pages.js'
import { momentsOf, Replay } from './recording.js'
import { readSystemCalls, recordedCalls } from './system-calls.js'

const program = fileURLToPath(new URL('./copy-keeper.js', import.meta.url))
const skip = programsMissing(['strace'], 'apt-get install strace') ?? false
/** Every number of names, of those that are not synced, that may be on the disk. */
const prefixes = Array.from({ length: 40 }, (_, count) => count)

test('a copy that is written to is called whole by no disk', { skip }, async (t) => {
  const base = mkdtempSync(join(tmpdir(), 'cft-copy-'))
  t.after(() => rmSync(base, { recursive: true, force: true }))
  const [folder, notes, trace] = [join(base, 'state'), join(base, 'notes'), join(base, 'trace')]
  mkdirSync(folder)
  writeFileSync(notes, '')
  const flags = ['-f', '-xx', '-s', '1000000', '-o', trace, '-e', `trace=${recordedCalls}`]
  const first = await recordRun()
  const second = await recordRun(first.at(-1)?.begun)
  async function recordRun(from = 0) {
    await run('strace', [...flags, process.execPath, program, folder, notes])
    return readSystemCalls(trace, from)
  }
  const moments = momentsOf([first, second])
  const wholeAt = (isSyncIgnored: (path: string) => boolean): number => {
    const replay = new Replay(moments, { folder, notes, isLeftOut: () => false, isSyncIgnored })
    let found = 0
    for (const { place } of moments) {
      replay.upTo(place)
      // The second has the copy open, and says so before it writes to it.
      const { lines } = replay
      if (lines.includes('kept\n') && lines.filter((line) => line === 'written\n').length < 2)
        found += prefixes.filter((count) => isWhole(replay, count, base)).length
    }
    assert.deepEqual(replay.lines, [
      'new\n',
      'written\n',
      'closed\n',
      'kept\n',
      'written\n',
      'closed\n',
    ])
    return found
  }
  assert.equal(
    wholeAt(() => false),
    0,
  )
  assert.ok(wholeAt((path) => path === '0') > 0, 'a sync that is left out is not noticed')
})

function isWhole(replay: Replay, names: number, base: string): boolean {
  const chance: Chance = {
    isWritten: () => true,
    isTorn: () => false,
    upTo: (count) => Math.min(count, names),
  }
  const image = mkdtempSync(join(base, 'image-'))
  try {
    replay.disk.writeImage(image, chance)
    const path = join(image, '0/state.json')
    if (!existsSync(path)) return false
    const text = readFileSync(path, 'utf8')
    return text.length > 0 && !text.includes('"boot"')
  } finally {
    rmSync(image, { recursive: true, force: true })
  }
}
