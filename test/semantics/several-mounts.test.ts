/** What docs/SEMANTICS.md promises over several mounts: two of them, each a process, seen through the kernel. */
import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs'
import { link, mkdir, open, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type LeaseMounts, openLeaseMounts } from '../lease/lease-mounts.js'
import { waitFor } from '../support/process.js'
import { targetMissing } from '../support/target.js'

const skip = (await targetMissing('cassfs')) ?? false
const rounds = 30

let mounts: LeaseMounts
let here = ''
let there = ''
before(async () => {
  if (skip) return
  mounts = openLeaseMounts()
  here = (await mounts.mount('here')).dir
  there = (await mounts.mount('there')).dir
})
after(() => mounts?.close())

/** Looks again and again until the work is done; how often it looked. */
async function lookWhile(work: Promise<unknown>, look: () => void): Promise<number> {
  let isOver = false
  const end = work.finally(() => {
    isOver = true
  })
  let looks = 0
  for (; !isOver; looks++) {
    look()
    await new Promise(setImmediate)
  }
  await end
  return looks
}

/** Tells from any part of it what all of it is. */
const textOf = (round: number, length: number) => `${round};`.repeat(length).slice(0, length)
/** Shorter and longer, in turn. */
const lengthOf = (round: number) => 100 + ((round * 37) % 50) * 60

function assertWhole(text: string, what: string): void {
  const round = Number.parseInt(text, 10)
  assert.equal(text, textOf(round, lengthOf(round)), `${what} shows a part of a change`)
}

async function seenThere(path: string): Promise<void> {
  const isThere = () => statSync(join(there, path), { throwIfNoEntry: false }) !== undefined
  await waitFor(`${path} on the other mount`, isThere)
}

test('a file that is written anew, in place or by rename, is seen whole on the other mount', {
  skip,
}, async () => {
  for (const isRenamed of [false, true]) {
    const name = isRenamed ? 'renamed' : 'in place'
    writeFileSync(join(here, `${name}.new`), textOf(0, lengthOf(0)))
    await rename(join(here, `${name}.new`), join(here, name))
    await seenThere(name)
    const writing = async () => {
      for (let round = 1; round <= rounds; round++) {
        const path = join(here, isRenamed ? `${name}.new` : name)
        await writeFile(path, textOf(round, lengthOf(round)))
        if (isRenamed) await rename(path, join(here, name))
      }
    }
    const bytes = Buffer.alloc(5000)
    const looks = await lookWhile(writing(), () => {
      const fd = openSync(join(there, name), 'r')
      const read = readSync(fd, bytes, 0, bytes.length, 0)
      closeSync(fd)
      assertWhole(bytes.toString('latin1', 0, read), name)
    })
    assert.ok(looks > rounds)
    const isLast = () =>
      readFileSync(join(there, name), 'latin1') === textOf(rounds, lengthOf(rounds))
    await waitFor('the last change on the other mount', isLast)
  }
})

test('O_CREAT|O_EXCL, mkdir, link and symlink: of two mounts at once exactly one makes it', {
  skip,
}, async () => {
  writeFileSync(join(here, 'source'), '')
  await seenThere('source')
  const kinds = {
    file: async (dir: string, name: string) => (await open(join(dir, name), 'wx')).close(),
    mkdir: (dir: string, name: string) => mkdir(join(dir, name)),
    link: (dir: string, name: string) => link(join(dir, 'source'), join(dir, name)),
    symlink: (dir: string, name: string) => symlink('source', join(dir, name)),
  }
  const wins = { [here]: 0, [there]: 0 }
  for (let round = 0; round < rounds; round++)
    for (const [kind, make] of Object.entries(kinds)) {
      const both = round % 2 === 0 ? [here, there] : [there, here]
      const ends = await Promise.allSettled(both.map((dir) => make(dir, `${kind}${round}`)))
      const errors = ends.map((end) => (end.status === 'rejected' ? end.reason.code : 'made'))
      assert.deepEqual(errors.toSorted(), ['EEXIST', 'made'], `${kind}${round}`)
      const winner = both[errors.indexOf('made')] as string
      wins[winner] = (wins[winner] ?? 0) + 1
    }
  assert.ok(
    Object.values(wins).every((count) => count > 0),
    JSON.stringify(wins),
  )
})

test('a name that another file, or another directory, is renamed over is never missing', {
  skip,
}, async () => {
  writeFileSync(join(here, 'page'), '')
  await mkdir(join(here, 'folder'))
  await seenThere('folder')
  const renaming = async () => {
    for (let round = 0; round < rounds; round++) {
      await mkdir(join(here, `other${round}`))
      await writeFile(join(here, `other${round}`, 'page'), '')
      await rename(join(here, `other${round}`, 'page'), join(here, 'page'))
      await rename(join(here, `other${round}`), join(here, 'folder'))
    }
  }
  const looks = await lookWhile(renaming(), () => {
    statSync(join(there, 'page'))
    statSync(join(there, 'folder'))
  })
  assert.ok(looks > rounds)
})
