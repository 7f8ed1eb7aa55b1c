import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isErrno, names, openTestVfs, root, withVfs, writeFile } from '../../test/vfs/test-vfs.js'
import { Errno } from '../posix/errno.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import { rootIno } from '../volume/inode.js'
import { type DirectoryEntry, RenameFlag, type Vfs } from './vfs.js'

const fresh = () => ({ store: createMemoryStore() })

/** Reads behind `offset`, at most `count` entries, as one READDIR. */
async function page(vfs: Vfs, handle: number, offset: number, count: number) {
  const entries: DirectoryEntry[] = []
  await vfs.readdir(root, handle, offset, (entry) => {
    if (entries.length === count) return false
    entries.push(entry)
    return true
  })
  return entries
}

async function makeFiles(vfs: Vfs, parent: number, count: number) {
  for (let i = 0; i < count; i += 50)
    await Promise.all(
      Array.from({ length: Math.min(50, count - i) }, async (_, k) =>
        vfs.mknod(root, parent, `file-${i + k}`, 0o100644, 0),
      ),
    )
}

test('a directory of any length is read in pages, each entry once, with . and .. first', async () => {
  await withVfs(fresh(), async (vfs) => {
    await makeFiles(vfs, rootIno, 500)
    const handle = await vfs.opendir(root, rootIno)
    const read: string[] = []
    let offset = 0
    for (let size = 1; ; size = (size % 7) + 1) {
      const entries = await page(vfs, handle, offset, size)
      if (entries.length === 0) break
      read.push(...entries.map(({ name }) => name))
      offset = entries.at(-1)?.offset ?? assert.fail()
    }
    assert.deepEqual(read.slice(0, 2), ['.', '..'])
    assert.equal(read.length, 502)
    assert.equal(new Set(read).size, 502)
    vfs.releasedir(root, handle)
  })
})

test('an offset is good on another handle, another mount and after a restart', async () => {
  const store = createMemoryStore()
  const a = await openTestVfs({ store })
  const handle = await (async () => {
    await makeFiles(a.vfs, rootIno, 100)
    return a.vfs.opendir(root, rootIno)
  })()
  const first = await page(a.vfs, handle, 0, 40)
  const offset = first.at(-1)?.offset ?? assert.fail()
  const rest = (await page(a.vfs, handle, offset, 100)).map(({ name }) => name)
  const b = await openTestVfs({ store, identity: a.identity })
  const there = await b.vfs.opendir(root, rootIno)
  const same = await page(b.vfs, there, offset, 100)
  assert.deepEqual(
    same.map(({ name }) => name),
    rest,
  )
  await a.close()
  await b.close()
})

test('removing what was read, page by page, removes everything', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { ino } = await vfs.mkdir(root, rootIno, 'd', 0o755)
    await makeFiles(vfs, ino, 300)
    const handle = await vfs.opendir(root, ino)
    let offset = 0
    for (;;) {
      const entries = await page(vfs, handle, offset, 20)
      if (entries.length === 0) break
      for (const { name } of entries)
        if (name !== '.' && name !== '..') await vfs.unlink(root, ino, name)
      offset = entries.at(-1)?.offset ?? assert.fail()
    }
    vfs.releasedir(root, handle)
    await vfs.rmdir(root, rootIno, 'd')
    assert.equal(vfs.status().listingsCached, 0)
    assert.deepEqual(await names(vfs, rootIno), [])
  })
})

test('names that stay are read once each while others come and go', async () => {
  await withVfs(fresh(), async (vfs) => {
    await makeFiles(vfs, rootIno, 200)
    const handle = await vfs.opendir(root, rootIno)
    const read: string[] = []
    let offset = 0
    for (let i = 0; ; i++) {
      const entries = await page(vfs, handle, offset, 10)
      if (entries.length === 0) break
      read.push(...entries.map(({ name }) => name))
      offset = entries.at(-1)?.offset ?? assert.fail()
      await vfs.mknod(root, rootIno, `new-${i}`, 0o100644, 0)
      await vfs.unlink(root, rootIno, `new-${i}`)
      if (i % 3 === 0) await names(vfs, rootIno)
    }
    const stayed = read.filter((name) => name.startsWith('file-'))
    assert.equal(stayed.length, 200)
    assert.equal(new Set(stayed).size, 200)
    vfs.releasedir(root, handle)
  })
})

test('names of any bytes but / and NUL, up to 255 of them', async () => {
  await withVfs(fresh(), async (vfs) => {
    const all = Array.from({ length: 255 }, (_, i) => String.fromCharCode(i + 1))
      .filter((char) => char !== '/')
      .join('')
    for (const name of [all, '\xff\xfe', ' ', '..x', 'a'.repeat(255)])
      await writeFile(vfs, rootIno, name, 'x')
    assert.deepEqual(
      await names(vfs, rootIno),
      [' ', '..x', all, 'a'.repeat(255), '\xff\xfe'].sort(),
    )
    const make = async (name: string) => vfs.mkdir(root, rootIno, name, 0o755)
    await assert.rejects(make('a'.repeat(256)), isErrno(Errno.ENAMETOOLONG))
    await assert.rejects(make('a/b'), isErrno(Errno.EINVAL))
    await assert.rejects(make('a\0b'), isErrno(Errno.EINVAL))
    await assert.rejects(make(''), isErrno(Errno.ENOENT))
    await assert.rejects(make('..'), isErrno(Errno.EEXIST))
  })
})

test('a removed directory that is still open is empty, and nothing can be made in it', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { ino } = await vfs.mkdir(root, rootIno, 'd', 0o755)
    const handle = await vfs.opendir(root, ino)
    await vfs.rmdir(root, rootIno, 'd')
    assert.deepEqual(await page(vfs, handle, 0, 10), [])
    assert.equal((await vfs.getattr(root, ino)).nlink, 0)
    await assert.rejects(async () => vfs.mkdir(root, ino, 'x', 0o755), isErrno(Errno.ENOENT))
    vfs.releasedir(root, handle)
    await assert.rejects(async () => vfs.getattr(root, ino), isErrno(Errno.ESTALE))
  })
})

test('exchanging a directory and a file in different directories moves one link', async () => {
  await withVfs(fresh(), async (vfs) => {
    const a = await vfs.mkdir(root, rootIno, 'a', 0o755)
    const b = await vfs.mkdir(root, rootIno, 'b', 0o755)
    const inner = await vfs.mkdir(root, a.ino, 'inner', 0o755)
    const file = await writeFile(vfs, b.ino, 'file', 'x')
    const exchange = async (name: string, other: string) =>
      vfs.rename(root, a.ino, name, b.ino, other, RenameFlag.exchange)
    await exchange('inner', 'file')
    assert.equal((await vfs.lookup(root, a.ino, 'inner'))?.ino, file.ino)
    assert.equal((await vfs.lookup(root, b.ino, 'file'))?.ino, inner.ino)
    assert.equal((await vfs.getattr(root, a.ino)).nlink, 2)
    assert.equal((await vfs.getattr(root, b.ino)).nlink, 3)
    assert.equal((await vfs.lookup(root, inner.ino, '..'))?.ino, b.ino)
    await assert.rejects(exchange('inner', 'none'), isErrno(Errno.ENOENT))
    const flags = async (value: number) => vfs.rename(root, a.ino, 'inner', b.ino, 'x', value)
    await assert.rejects(flags(RenameFlag.whiteout), isErrno(Errno.EINVAL))
    await assert.rejects(flags(3), isErrno(Errno.EINVAL))
    const under = async () => vfs.rename(root, rootIno, 'b', inner.ino, 'x', RenameFlag.noReplace)
    await assert.rejects(under, isErrno(Errno.EINVAL))
  })
})
