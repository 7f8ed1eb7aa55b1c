import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { owner, TestBlockStore } from '../../test/support/block-store.js'
import { openBlockPacker } from './block-packer.js'
import { BlockSource } from './block-source.js'
import { Held, walk } from './content-parts.js'
import { type Entry, manifestOf, namedBy } from './manifest-codec.js'
import { packEntries, treeShape } from './manifest-tree.js'
import { Upload } from './upload.js'
import { createUploadRoom } from './upload-room.js'

const small = { nodeEntries: 8, directEntries: 4 }

function tools() {
  const store = new TestBlockStore()
  const source = new BlockSource({ store, owner, cacheBytesMax: 1024 * 1024 })
  const status = { blocksWritten: 0, bytesWritten: 0, bytesStored: 0 }
  const room = createUploadRoom(2 ** 20)
  const upload = new Upload({ store, owner, packer: openBlockPacker(), source, room, status })
  return { store, source, upload }
}

let made = 0
function entry(hole: boolean): Entry {
  made++
  return hole
    ? { kind: 'hole', length: made }
    : { kind: 'block', length: 1 + (made % 1000), hash: made.toString(16).padStart(64, '0') }
}

function flat(entries: readonly Entry[], source: BlockSource): Entry[] {
  const all: Entry[] = []
  const held = new Held(source)
  walk(entries, 0, Infinity, held, (part) => all.push(part as Entry) > 0)
  assert.equal(held.missing, false)
  return all
}

test('what is packed again and again stays the same entries, in a short list', async () => {
  const steps = fc.array(
    fc.record({ append: fc.integer({ min: 0, max: 30 }), open: fc.nat(1000), holes: fc.nat(3) }),
    { maxLength: 60 },
  )
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const { source, upload } = tools()
      let packed: Entry[] = []
      const expected: Entry[] = []
      for (const { append, open, holes } of all) {
        const added = Array.from({ length: append }, (_, i) => entry(holes > 0 && i % holes === 1))
        expected.push(...added)
        const at = open % (packed.length + 1)
        const opened = packed[at]
        const inside = opened?.kind === 'node' ? source.manifest(opened.hash)?.entries : undefined
        const list = inside ? packed.toSpliced(at, 1, ...inside) : packed
        packed = await packEntries([...list, ...added], upload, source, small)
        assert.deepEqual(flat(packed, source), expected)
      }
      // 4 direct, 3 small manifests and a full one that was opened, 16 of each of 3 heights.
      assert.ok(packed.length <= 4 + 3 + 8 + 48, `${packed.length} entries`)
      await upload.finish()
    }),
    { numRuns: 60 },
  )
})

test('every manifest names its blocks to the store', async () => {
  const { store, source, upload } = tools()
  const entries = Array.from({ length: 300 }, (_, i) => entry(i % 5 === 0))
  const packed = await packEntries(entries, upload, source, small)
  await upload.finish()
  const refs = new Map(store.uploaded.map((block) => [block.hash, block.refs]))
  const reached = new Set<string>()
  const follow = (hash: string) => {
    reached.add(hash)
    for (const ref of refs.get(hash) ?? []) follow(ref)
  }
  for (const hash of namedBy(packed)) follow(hash)
  for (const hash of namedBy(entries)) assert.ok(reached.has(hash), hash)
})

test('a save that stores much may name much directly, one that stores little packs', async () => {
  const { source, upload } = tools()
  const entries = Array.from({ length: 200 }, () => entry(false))
  const little = await packEntries(entries, upload, source, treeShape)
  assert.ok(little.length <= 16 + 1, `${little.length} entries`)
  await upload.add(Buffer.allocUnsafeSlow(262_144).fill(1))
  assert.deepEqual(await packEntries(entries, upload, source, treeShape), entries)
})

test('a terabyte takes four steps at most', async () => {
  const { source, upload } = tools()
  const hash = 'f'.repeat(64)
  let packed: Entry[] = []
  // A thousandth of it really, the rest by pretending that full manifests are there already.
  const full = { kind: 'node', hash, height: 1, entries: 256, holes: false } as const
  for (let i = 0; i < 16; i++) {
    const nodes = Array.from({ length: 1024 }, () => ({ ...full, length: 256 * 262_144 }))
    packed = await packEntries([...packed, ...nodes], upload, source, treeShape)
  }
  const heights = packed.map((one) => (one.kind === 'node' ? one.height : 0))
  assert.equal(manifestOf(packed).ends.at(-1), 2 ** 40)
  assert.ok(Math.max(...heights) <= 2, `height ${Math.max(...heights)}`)
  assert.ok(packed.length <= 512, `${packed.length} entries`)
})
