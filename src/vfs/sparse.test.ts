import assert from 'node:assert/strict'
import { test } from 'node:test'
import { close, isErrno, readAll, root, user, withVfs, writeFile } from '../../test/vfs/test-vfs.js'
import { Errno } from '../posix/errno.js'
import { O_CREAT, O_RDONLY, O_RDWR } from '../posix/open-flags.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import { rootIno } from '../volume/inode.js'
import { fileBytesMax } from './limits.js'
import { FallocateMode, Seek, type Vfs } from './vfs.js'

const fresh = () => ({ store: createMemoryStore() })
const { keepSize, punchHole, zeroRange } = FallocateMode
const MiB = 1024 * 1024

async function withFile(body: (vfs: Vfs, handle: number, ino: number) => Promise<void>) {
  await withVfs(fresh(), async (vfs) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, O_RDWR | O_CREAT)
    await body(vfs, handle, inode.ino)
    await close(vfs, handle)
  })
}

test('SEEK_DATA and SEEK_HOLE find the same, unsaved and saved', async () => {
  await withFile(async (vfs, handle, ino) => {
    await vfs.write(root, handle, 3 * MiB, Buffer.alloc(MiB, 'x'))
    await vfs.setattr(root, ino, { size: 6 * MiB }, handle)
    const seek = async (offset: number, whence: number) => vfs.lseek(root, handle, offset, whence)
    for (const saved of [false, true]) {
      if (saved) await vfs.fsync(root, handle, false)
      assert.equal(await seek(0, Seek.hole), 0)
      assert.equal(await seek(0, Seek.data), 3 * MiB)
      assert.equal(await seek(3 * MiB + 7, Seek.data), 3 * MiB + 7)
      assert.equal(await seek(3 * MiB, Seek.hole), 4 * MiB)
      await assert.rejects(seek(4 * MiB, Seek.data), isErrno(Errno.ENXIO))
      await assert.rejects(seek(6 * MiB, Seek.hole), isErrno(Errno.ENXIO))
    }
  })
})

test('fallocate makes longer, keeps the size, punches and zeroes; other modes are EOPNOTSUPP', async () => {
  await withFile(async (vfs, handle, ino) => {
    const fallocate = async (mode: number, offset: number, length: number) =>
      vfs.fallocate(root, handle, mode, offset, length)
    const size = async () => (await vfs.getattr(root, ino)).size
    await vfs.write(root, handle, 0, Buffer.from('abcdefgh'))
    await fallocate(0, 4, 6)
    assert.equal(await readAll(vfs, handle), 'abcdefgh\0\0')
    await fallocate(keepSize, 0, 100)
    assert.equal(await size(), 10)
    await fallocate(punchHole | keepSize, 1, 2)
    await fallocate(punchHole | keepSize, 9, 100)
    assert.equal(await readAll(vfs, handle), 'a\0\0defgh\0\0')
    await vfs.fsync(root, handle, false)
    await fallocate(zeroRange | keepSize, 4, 100)
    assert.equal(await readAll(vfs, handle), 'a\0\0d\0\0\0\0\0\0')
    await fallocate(zeroRange, 3, 9)
    assert.equal(await readAll(vfs, handle), `a${'\0'.repeat(11)}`)
    await vfs.fsync(root, handle, false)
    assert.equal(await readAll(vfs, handle), `a${'\0'.repeat(11)}`)
    await assert.rejects(fallocate(punchHole, 0, 1), isErrno(Errno.EOPNOTSUPP))
    await assert.rejects(fallocate(0x08, 0, 4096), isErrno(Errno.EOPNOTSUPP))
    await assert.rejects(fallocate(0, 0, 0), isErrno(Errno.EINVAL))
    await assert.rejects(fallocate(0, fileBytesMax, 1), isErrno(Errno.EFBIG))
  })
})

test('fallocate modifies a file, also where no byte and no size changes', async () => {
  await withFile(async (vfs, handle, ino) => {
    const old = { sec: 1000, nsec: 0 }
    await vfs.write(root, handle, 0, Buffer.from('abcdefgh'))
    for (const [mode, offset, length] of [
      [0, 0, 4],
      [keepSize, 0, 100],
      [punchHole | keepSize, 100, 10],
    ] as const) {
      await vfs.fsync(root, handle, false)
      await vfs.setattr(root, ino, { mtime: old, mode: 0o6777 })
      await vfs.fallocate({ ...root, uid: 1000 }, handle, mode, offset, length)
      const seen = await vfs.getattr(root, ino)
      assert.notDeepEqual(seen.mtime, old, `mode ${mode}`)
      assert.equal(seen.mode, 0o100777)
      await vfs.fsync(root, handle, false)
      assert.notDeepEqual((await vfs.getattr(root, ino)).mtime, old, `mode ${mode}, saved`)
      assert.equal(await readAll(vfs, handle), 'abcdefgh')
    }
  })
})

test('a file ends at 1 TiB', async () => {
  await withFile(async (vfs, handle, ino) => {
    const write = async (offset: number) => vfs.write(root, handle, offset, Buffer.from('ab'))
    assert.equal(await write(fileBytesMax - 1), 1)
    assert.equal((await vfs.getattr(root, ino)).size, fileBytesMax)
    await assert.rejects(write(fileBytesMax), isErrno(Errno.EFBIG))
    const grow = async () => vfs.setattr(root, ino, { size: fileBytesMax + 1 }, handle)
    await assert.rejects(grow, isErrno(Errno.EFBIG))
    await vfs.fsync(root, handle, false)
    const [byte] = await vfs.read(root, handle, fileBytesMax - 1, 10)
    assert.equal(byte?.toString(), 'a')
    await vfs.setattr(root, ino, { size: 0 }, handle)
  })
})

test('copy_file_range copies within a file and across files', async () => {
  await withFile(async (vfs, handle) => {
    const source = await writeFile(vfs, rootIno, 'source', '0123456789')
    const from = await vfs.open(root, source.ino, O_RDONLY)
    const copy = async (a: number, at: number, b: number, to: number, length: number) =>
      vfs.copyFileRange(root, a, at, b, to, length)
    assert.equal(await copy(from, 2, handle, 1, 100), 8)
    assert.equal(await readAll(vfs, handle), '\x0023456789')
    assert.equal(await copy(handle, 1, handle, 9, 4), 4)
    assert.equal(await readAll(vfs, handle), '\x00234567892345')
    assert.equal(await copy(from, 10, handle, 0, 5), 0)
    await assert.rejects(copy(handle, 0, handle, 2, 3), isErrno(Errno.EINVAL))
    await assert.rejects(copy(handle, 0, from, 0, 1), isErrno(Errno.EBADF))
    await close(vfs, from)
  })
})

test('equal bytes copied from one file to another are uploaded once', async () => {
  await withVfs(fresh(), async (vfs, { content }) => {
    const bytes = Buffer.alloc(MiB)
    for (let i = 0; i < MiB; i += 4) bytes.writeUInt32LE(Math.imul(i, 2_654_435_761) >>> 0, i)
    const source = await vfs.create(root, rootIno, 'a', 0o644, O_RDWR | O_CREAT)
    await vfs.write(root, source.handle, 0, bytes)
    await vfs.fsync(root, source.handle, false)
    const target = await vfs.create(root, rootIno, 'b', 0o644, O_RDWR | O_CREAT)
    await vfs.copyFileRange(root, source.handle, 0, target.handle, 0, MiB)
    await vfs.fsync(root, target.handle, false)
    const [first, second] = await Promise.all(
      [source, target].map(async ({ inode }) => (await vfs.getattr(root, inode.ino)).content),
    )
    assert.deepEqual(second, first)
    const hashes: string[] = []
    for await (const hash of content.hashes(first ?? { kind: 'none' })) hashes.push(hash)
    assert.ok(hashes.length >= 4)
    await close(vfs, source.handle)
    await close(vfs, target.handle)
  })
})

test('fallocate and copy_file_range by an unprivileged caller take set-id bits', async () => {
  const caller = user(1000)
  await withVfs({ ...fresh(), vfs: { checkPermissions: false } }, async (vfs) => {
    const make = async (name: string) => vfs.create(caller, rootIno, name, 0o6755, O_RDWR | O_CREAT)
    const mode = async (ino: number) => (await vfs.getattr(root, ino)).mode & 0o7777
    const source = await make('source')
    const target = await make('target')
    await vfs.fallocate(root, source.handle, 0, 0, 10)
    assert.equal(await mode(source.inode.ino), 0o6755)
    await vfs.fallocate(caller, source.handle, 0, 0, 100)
    assert.equal(await mode(source.inode.ino), 0o755)
    await vfs.copyFileRange(caller, source.handle, 0, target.handle, 0, 5)
    assert.equal(await mode(target.inode.ino), 0o755)
    await close(vfs, source.handle)
    await close(vfs, target.handle)
  })
})
