import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { newInode } from '../../test/simulation/tree-rules.js'
import { createSpool } from '../content/create-spool.js'
import { openSpoolStorage } from '../content/spool-storage.js'
import type { Inode } from '../volume/inode.js'
import { OpenFile } from './open-file.js'

const time = { sec: 1, nsec: 0 }
const inode = (size: number): Inode => ({ ...newInode(5, 0o100644, time), size })

test('what is seen of a file follows a save whose appended bytes went elsewhere', () => {
  const storage = openSpoolStorage({ directory: tmpdir() })
  const file = new OpenFile(5, () => createSpool(storage))
  const append = (text: string, stored: Inode) => {
    file.writable().write(0, Buffer.from(text), stored.size, true)
    file.modified(time, stored, 0)
  }
  const [before, after] = [inode(0), inode(12)]
  append('ab', before)
  assert.equal(file.view(before).size, 2)
  const cut = file.cut(before)
  append('cd', before)
  assert.equal(file.view(before).size, 4)
  // Somebody else appended ten bytes before the save was committed: not yet told to the spool.
  file.view(after)
  const [run] = cut.snapshot.runs
  assert.ok(run)
  const content = { kind: 'inline', data: Buffer.alloc(12) } as const
  file.saved(cut, { content, size: 12, moved: true, shifts: new Map([[run, 10]]) })
  assert.equal(file.view(after).size, 14)
  file.discard()
  assert.equal(file.view(after).size, 12)
  file.close()
  storage.close()
})
