import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { open } from 'lmdb'
import { checkPages } from './check-pages.js'
import { newestMeta } from './data-file.js'

const pageBytes = 4096
const faults = (path: string) => [...checkPages(path, () => {})]

test('the pages of a sound file have no fault; each that is filled with something else has', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'cft-pages-'))
  try {
    const root = open<Buffer, number>({ path: directory, noSubdir: false, encoding: 'binary' })
    const rows = root.openDB<Buffer, number>({ name: 'rows', encoding: 'binary' })
    for (let round = 0; round < 3; round++)
      await root.transaction(() => {
        for (let n = 0; n < 2000; n++) rows.put(n, Buffer.alloc(n % 50 === 0 ? 9000 : 20, round))
        for (let n = round; n < 2000; n += 7) rows.remove(n)
      })
    await root.close()
    const path = join(directory, 'data.mdb')
    const sound = readFileSync(path)
    let pages = 0
    assert.deepEqual([...checkPages(path, (count) => (pages = count))], [])
    assert.ok(pages > 10, String(pages))
    const [free = 0n, main = 0n] = newestMeta(path)?.roots ?? []
    let found = 0
    for (let page = 2; page < sound.length / pageBytes; page++) {
      const bytes = Buffer.from(sound)
      bytes.fill('z', page * pageBytes, (page + 1) * pageBytes)
      writeFileSync(path, bytes)
      const isFound = faults(path).length > 0
      if (isFound) found++
      assert.ok(isFound || (page !== Number(main) && page !== Number(free)), `page ${page}`)
    }
    assert.ok(found >= pages, `${found} of ${pages}`)
    const bytes = Buffer.from(sound)
    bytes.copy(
      bytes,
      Number(main) * pageBytes,
      Number(free) * pageBytes,
      Number(free) * pageBytes + pageBytes,
    )
    writeFileSync(path, bytes)
    assert.deepEqual(faults(path), [`page ${main} says that it is another one`])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
