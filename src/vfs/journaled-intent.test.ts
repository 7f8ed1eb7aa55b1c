// Changes as they stand in a journal come back as they were; whatever else is there is refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixture } from '../../test/support/content-fixture.js'
import { hashOf } from '../content/block-codec.js'
import { encodeManifest } from '../content/manifest-codec.js'
import { FormatError } from '../volume/format-error.js'
import type { Content } from '../volume/inode.js'
import type { Intent } from './intents/intent.js'
import type { SaveIntent } from './intents/save.js'
import { encodeIntent, isSave, readIntent } from './journaled-intent.js'

const time = { sec: 1_700_000_000, nsec: 999_999_999 }
const as = { uid: 1000, gid: 1000, groups: [4, 5] }
const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
/** A name of any bytes, as a byte string. */
const name = bytes.toString('latin1').replace(/[\0/]/g, '')

const intents: Intent[] = [
  { kind: 'unlink', parent: 1, name, time, as },
  { kind: 'rmdir', parent: 2 ** 52, name: 'a"b\\c\n', time, as: undefined },
  { kind: 'link', ino: 7, parent: 1, name, time, as },
  { kind: 'rename', parent: 1, name, newParent: 2, newName: '\x7f\xff', flags: 1, time, as },
  { kind: 'setattr', ino: 9, changes: { mode: 0o4755, mtime: { sec: -1, nsec: 1 } }, time, as },
  { kind: 'setattr', ino: 9, changes: { uid: 7, outsider: true }, time, as: undefined },
  { kind: 'setattr', ino: 9, changes: { dropSetId: true, outsider: true }, time, as: undefined },
  {
    kind: 'create',
    parent: 1,
    name,
    ino: 10,
    mode: 0o120777,
    umask: 0o22,
    uid: 0,
    gid: 0,
    rdev: 0,
    target: name,
    existing: 'refuse',
    time,
    as,
  },
  {
    kind: 'setxattr',
    ino: 3,
    name: 'user.x',
    value: bytes,
    flags: 0,
    killSgid: false,
    prepared: undefined,
    time,
    as,
  },
]

function journaled(intent: Intent, { content } = fixture()): Intent {
  const encoded = encodeIntent(intent)
  assert.ok(encoded, `${intent.kind} can be journaled`)
  const back = readIntent(encoded.intent, Buffer.concat(encoded.content))
  if (isSave(back)) for (const block of back.blocks) content.hold(block)
  return back
}

for (const intent of intents)
  test(`${intent.kind} comes back as it was`, () => {
    assert.deepEqual(journaled(intent), intent)
  })

type Encoded = NonNullable<ReturnType<typeof encodeIntent>>

const named = (plain: Buffer) => ({ hash: hashOf(plain, 'data'), plain })

function save(base: Content, content: Content, ...blocks: SaveIntent['blocks']): SaveIntent {
  const result = { content, size: 5000, moved: false, shifts: new Map() }
  const prepared = { base: { content: base, size: 3 }, result }
  const changes = { mode: 0o100600 }
  const fixed = {
    kind: 'save',
    ino: 5,
    time,
    as: undefined,
    mtime: time,
    modeDropped: 0,
    changes,
  } as const
  return { ...fixed, snapshot: undefined, blocks, prepared }
}

test('a save comes back with its block, which can be read', async () => {
  const fixed = fixture()
  const block = named(Buffer.alloc(5000, '\n'))
  const content = { kind: 'block', hash: block.hash, length: 5000 } as const
  const intent = save({ kind: 'inline', data: bytes }, content, block)
  const back = journaled(intent, fixed)
  assert.deepEqual(back, intent)
  const read = await fixed.content.read({ content, size: 5000 }, 0, 5000)
  assert.ok(Buffer.concat(read).equals(block.plain))
})

test('a save into the inode, or into a tail, comes back with its bytes', () => {
  const inline = { kind: 'inline', data: bytes } as const
  const tailed = { kind: 'block', hash: 'cd'.repeat(32), length: 5, tail: bytes } as const
  for (const [base, content] of [
    [{ kind: 'none' }, inline],
    [{ ...tailed, tail: Buffer.from('x') }, tailed],
  ] as const) {
    const back = journaled(save(base, content)) as SaveIntent
    assert.deepEqual(back.prepared?.base.content, base)
    assert.deepEqual(back.prepared?.result.content, content)
  }
})

test('a save of several blocks comes back with them and with their manifest', async () => {
  const fixed = fixture()
  const blocks = ['a', 'd'].map((letter) => named(Buffer.alloc(2500, letter)))
  const entries = blocks.map(({ hash }) => ({ kind: 'block', hash, length: 2500 }) as const)
  const refs = blocks.map(({ hash }) => hash)
  const plain = encodeManifest(entries)
  const manifest = { hash: hashOf(plain, 'manifest'), plain, refs }
  const content = { kind: 'manifest', hash: manifest.hash, length: 5000 } as const
  const intent = save({ kind: 'none' }, content, ...blocks, manifest)
  assert.deepEqual((journaled(intent, fixed) as SaveIntent).blocks, intent.blocks)
  const read = await fixed.content.read({ content, size: 5000 }, 2490, 100)
  assert.ok(
    Buffer.concat(read).equals(Buffer.concat([Buffer.alloc(10, 'a'), Buffer.alloc(90, 'd')])),
  )
  const { intent: bytes, content: parts } = encodeIntent(intent) as Encoded
  const all = Buffer.concat(parts)
  const flipped = Buffer.from(all)
  flipped[2600] = 0
  const longer = Buffer.concat([all, Buffer.alloc(1)])
  for (const wrong of [all.subarray(0, -1), flipped, longer])
    assert.throws(() => readIntent(bytes, wrong), FormatError)
})

test('a save that names a block it does not have waits for its commit', () => {
  const manifest = { kind: 'manifest', hash: 'ef'.repeat(32), length: 600_000 } as const
  assert.equal(encodeIntent(save({ kind: 'none' }, manifest)), undefined)
  const other = { hash: 'ab'.repeat(32), plain: Buffer.from('other') }
  assert.equal(encodeIntent(save({ kind: 'none' }, manifest, other)), undefined)
})

test('bytes that are no change are refused', () => {
  const nothing = Buffer.alloc(0)
  const whole = Buffer.from((encodeIntent(intents[0] as Intent) as Encoded).intent)
  assert.doesNotThrow(() => readIntent(whole, nothing))
  const wrong = ['', '\0', '{}\n', '\x09', whole.subarray(1), Buffer.concat([whole, whole])]
  for (const bytes of [...wrong, ...Array.from(whole, (_, end) => whole.subarray(0, end))])
    assert.throws(() => readIntent(Buffer.from(bytes), nothing), FormatError)
})
