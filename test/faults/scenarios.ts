// Every operation that changes a volume, in steps: each leaves a state that a crash may show, and is answered or
// not. What a step leaves is looked at when all is saved.

import { O_APPEND, O_RDWR, O_TRUNC, O_WRONLY } from '../../src/posix/open-flags.js'
import { FallocateMode, RenameFlag, type Vfs, XattrFlag } from '../../src/vfs/vfs.js'
import { rootIno } from '../../src/volume/inode.js'
import { root } from '../vfs/test-vfs.js'
import { bytesOf, type Calls } from './calls.js'

export interface Scenario {
  readonly prepare: (calls: Calls) => Promise<void>
  readonly steps: readonly ((calls: Calls) => Promise<unknown>)[]
}

const none = async (): Promise<void> => {}
const small = 300
const oneBlock = 20_000
const manyBlocks = 600_000
const largeAttribute = Buffer.from(bytesOf(5, 30_000))

/** One step on what `prepare` leaves. */
function one(prepare: Scenario['prepare'], step: (calls: Calls) => Promise<unknown>): Scenario {
  return { prepare, steps: [step] }
}

/** A file of `size` bytes, open; `change` it, then have it stored. */
function onOpen(
  size: number,
  flags: number,
  change: (calls: Calls) => Promise<unknown>,
  store: 'close' | 'sync' | 'release' = 'close',
): Scenario {
  return {
    async prepare(calls) {
      await calls.file('a', size)
      await calls.open('a', flags)
    },
    steps: [
      async (calls) => {
        await change(calls)
        await calls[store]('a')
      },
    ],
  }
}

const twoFiles = async (calls: Calls): Promise<void> => {
  await calls.file('a', oneBlock)
  await calls.file('b', small)
}
const fileOf = (size: number) => (calls: Calls) => calls.file('a', size)
const setattr = (changes: Parameters<Vfs['setattr']>[2]) => async (calls: Calls) =>
  calls.vfs.setattr(root, await calls.ino('a'), changes)
const setxattr =
  (value: Buffer, flags = 0) =>
  async (calls: Calls) =>
    calls.vfs.setxattr(root, await calls.ino('a'), 'user.n', value, flags)
const removexattr = async (calls: Calls) =>
  calls.vfs.removexattr(root, await calls.ino('a'), 'user.n')
const fallocate = (mode: number, offset: number, length: number) => async (calls: Calls) =>
  calls.vfs.fallocate(root, calls.handle('a'), mode, offset, length)

const naming: Record<string, Scenario> = {
  create: one(none, (calls) => calls.open('a', O_WRONLY)),
  mkdir: one(none, (calls) => calls.mkdir('d')),
  mknod: one(none, async ({ vfs }) => vfs.mknod(root, rootIno, 'fifo', 0o010640, 0)),
  symlink: one(none, async ({ vfs }) => vfs.symlink(root, rootIno, 'l', 'target')),
  link: one(fileOf(small), async (calls) =>
    calls.vfs.link(root, await calls.ino('a'), rootIno, 'b'),
  ),
  unlink: one(fileOf(oneBlock), async ({ vfs }) => vfs.unlink(root, rootIno, 'a')),
  'unlink of one of two names': {
    async prepare(calls) {
      await calls.file('a', oneBlock)
      await calls.vfs.link(root, await calls.ino('a'), rootIno, 'b')
    },
    steps: [async ({ vfs }) => vfs.unlink(root, rootIno, 'a')],
  },
  'unlink of an open file': onOpen(oneBlock, O_RDWR, async ({ vfs }) =>
    vfs.unlink(root, rootIno, 'a'),
  ),
  rmdir: one(
    (calls) => calls.mkdir('d'),
    async ({ vfs }) => vfs.rmdir(root, rootIno, 'd'),
  ),
  rename: one(fileOf(small), (calls) => calls.rename('a', 'b')),
  'rename over a file': one(twoFiles, (calls) => calls.rename('a', 'b')),
  'rename of a directory over another': {
    async prepare(calls) {
      await calls.mkdir('d')
      await calls.mkdir('e')
      await calls.vfs.mkdir(root, await calls.ino('d'), 'inside', 0o700)
    },
    steps: [(calls) => calls.rename('d', 'e')],
  },
  'rename into another directory': {
    async prepare(calls) {
      await calls.mkdir('d')
      await calls.mkdir('e')
    },
    steps: [
      async (calls) => calls.vfs.rename(root, rootIno, 'd', await calls.ino('e'), 'below', 0),
    ],
  },
  'rename that exchanges': one(twoFiles, (calls) => calls.rename('a', 'b', RenameFlag.exchange)),
  'rename that replaces nothing': one(twoFiles, (calls) =>
    calls.rename('a', 'c', RenameFlag.noReplace),
  ),
  'rename of a file with unsaved bytes': {
    async prepare(calls) {
      await twoFiles(calls)
      await calls.open('a', O_RDWR)
    },
    steps: [
      async (calls) => {
        await calls.write('a', 0, bytesOf(7, oneBlock))
        await calls.sync('a')
      },
      (calls) => calls.rename('a', 'b'),
    ],
  },
  'link of a file without a name': {
    prepare: (calls) => calls.openNameless('n'),
    steps: [
      async (calls) => {
        await calls.write('n', 0, bytesOf(3, oneBlock))
        await calls.name('n', 'a')
      },
    ],
  },
}

const attributes: Record<string, Scenario> = {
  chmod: one(fileOf(small), setattr({ mode: 0o4711 })),
  chown: one(fileOf(small), setattr({ uid: 5, gid: 6 })),
  utimens: one(fileOf(small), setattr({ atime: { sec: 7, nsec: 8 }, mtime: { sec: 9, nsec: 1 } })),
  'truncate, shorter': one(fileOf(manyBlocks), setattr({ size: 300_001 })),
  'truncate to nothing': one(fileOf(oneBlock), setattr({ size: 0 })),
  'truncate, longer': one(fileOf(oneBlock), setattr({ size: manyBlocks })),
  setxattr: one(fileOf(small), setxattr(Buffer.from('v'), XattrFlag.create)),
  'setxattr of a block': one(fileOf(small), setxattr(largeAttribute)),
  'setxattr over a block': {
    async prepare(calls) {
      await calls.file('a', small)
      await setxattr(largeAttribute)(calls)
    },
    steps: [setxattr(Buffer.from('short'), XattrFlag.replace)],
  },
  removexattr: {
    async prepare(calls) {
      await calls.file('a', small)
      await setxattr(Buffer.from('v'))(calls)
    },
    steps: [removexattr],
  },
  'removexattr of a block': {
    async prepare(calls) {
      await calls.file('a', small)
      await setxattr(largeAttribute)(calls)
    },
    steps: [removexattr],
  },
}

const create = (calls: Calls): Promise<void> => calls.open('a', O_WRONLY)

/** A new file: its making, then its bytes. */
function made(size: number, store: 'close' | 'sync' | 'release'): Scenario {
  const write = async (calls: Calls): Promise<void> => {
    await calls.write('a', 0, bytesOf(size, size))
    await calls[store]('a')
  }
  return { prepare: none, steps: [create, write] }
}

const contents: Record<string, Scenario> = {
  'write and close': made(small, 'close'),
  'write of a block and close': made(oneBlock, 'close'),
  'write of several blocks and close': made(manyBlocks, 'close'),
  'write and fsync': made(small, 'sync'),
  'write of several blocks and fsync': made(manyBlocks, 'sync'),
  'write over, and close': onOpen(manyBlocks, O_RDWR, (calls) =>
    calls.write('a', 250_000, bytesOf(2, 30_000)),
  ),
  'write over, and fsync': onOpen(
    oneBlock,
    O_RDWR,
    (calls) => calls.write('a', 10, bytesOf(2, 100)),
    'sync',
  ),
  append: onOpen(oneBlock, O_WRONLY | O_APPEND, (calls) =>
    calls.write('a', 0, bytesOf(2, 30_000), true),
  ),
  'write with a hole before it': onOpen(small, O_RDWR, (calls) =>
    calls.write('a', manyBlocks, bytesOf(2, small)),
  ),
  'open that truncates, and write': {
    prepare: fileOf(oneBlock),
    steps: [
      (calls) => calls.open('a', O_WRONLY | O_TRUNC),
      async (calls) => {
        await calls.write('a', 0, bytesOf(9, 10_000))
        await calls.close('a')
      },
    ],
  },
  'fallocate, longer': onOpen(oneBlock, O_RDWR, fallocate(0, 0, 100_000)),
  'fallocate, a hole': onOpen(
    manyBlocks,
    O_RDWR,
    fallocate(FallocateMode.keepSize | FallocateMode.punchHole, 100, 400_000),
  ),
  'fallocate, zeros': onOpen(
    oneBlock,
    O_RDWR,
    fallocate(FallocateMode.zeroRange, oneBlock - 10, 1000),
  ),
  copy_file_range: {
    async prepare(calls) {
      await calls.file('a', manyBlocks)
      await calls.open('a', O_RDWR)
      await calls.file('b', small)
      await calls.open('b', O_RDWR)
    },
    steps: [
      async (calls) => {
        const [from, to] = [calls.handle('a'), calls.handle('b')]
        await calls.vfs.copyFileRange(root, from, 0, to, 100, 500_000)
        await calls.close('b')
      },
    ],
  },
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  ...naming,
  ...attributes,
  ...contents,
}
