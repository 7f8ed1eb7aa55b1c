// Files of a volume by the library: what the comparison with node:fs/promises does not reach.

import assert from 'node:assert/strict'
import { constants } from 'node:fs'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { FsError, VolumeError } from '../../src/index.js'
import { inMemory, openers } from './volumes.js'

const isCode = (code: string) => (error: NodeJS.ErrnoException) => error.code === code

for (const [where, opener] of openers) {
  test(`names of any bytes come back as they were given (${where})`, async (t) => {
    const volume = await opener(t)()
    const name = Buffer.from([0x2f, 0xff, 0xfe, 0x0a, 0x80])
    await volume.mkdir(name)
    const file = Buffer.concat([name, Buffer.from('/\xe9', 'latin1')])
    await volume.writeFile(file, 'bytes')
    await volume.symlink(name.subarray(1), '/link')
    assert.deepEqual(await volume.readdir('/', 'buffer'), [Buffer.from('link'), name.subarray(1)])
    const found = await volume.readdir('/', { recursive: true, encoding: 'buffer' })
    assert.deepEqual(found.at(-1), file.subarray(1))
    const [dirent] = await volume.readdir(name, { withFileTypes: true, encoding: 'buffer' })
    assert.deepEqual([dirent?.name, dirent?.parentPath], [Buffer.from([0xe9]), name])
    assert.equal(dirent?.isFile(), true)
    assert.deepEqual(await volume.readlink('/link', 'buffer'), name.subarray(1))
    assert.deepEqual(await volume.realpath('/link', 'buffer'), name)
    assert.equal(await volume.readFile(file, 'utf8'), 'bytes')
    assert.deepEqual(await volume.readdir('/', 'hex'), ['6c696e6b', 'fffe0a80'])
  })

  test(`a file of many blocks is what was written (${where})`, async (t) => {
    const open = opener(t)
    const volume = await open()
    const data = Buffer.alloc(9 * 2 ** 20 + 13)
    for (let at = 0; at + 4 <= data.length; at += 4) data.writeUInt32LE((at * 40503) >>> 0, at)
    await volume.writeFile('/big', data)
    assert.equal(Buffer.compare(await volume.readFile('/big'), data), 0)
    await volume.copyFile('/big', '/copy')
    await using handle = await volume.open('/copy', 'r+')
    await handle.write(Buffer.from('patch'), 0, 5, 5_000_000)
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(3_000_000), 0, null, 4_000_000)
    data.write('patch', 5_000_000)
    assert.equal(bytesRead, 3_000_000)
    assert.equal(Buffer.compare(buffer, data.subarray(4_000_000, 7_000_000)), 0)
    await handle.close()
    const other = await open()
    assert.equal(Buffer.compare(await other.readFile('/copy'), data), 0)
  })
}

test('an error says what Node says, and is an FsError', async (t) => {
  const volume = await inMemory(t)()
  const error = await volume.rename('/absent', '/new').then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof VolumeError && error instanceof FsError && error instanceof Error)
  assert.equal(error.message, "ENOENT: no such file or directory, rename '/absent' -> '/new'")
  const { code, errno, syscall, path, dest } = error
  assert.deepEqual(
    { code, errno, syscall, path, dest },
    { code: 'ENOENT', errno: -2, syscall: 'rename', path: '/absent', dest: '/new' },
  )
  assert.match(inspect(error), /files\.test/)
  const other = await volume.stat('/absent').then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(other instanceof VolumeError && !('dest' in other))
})

test('the root is nobody to remove, rename or make', async (t) => {
  const volume = await inMemory(t)()
  await assert.rejects(volume.mkdir('/'), isCode('EEXIST'))
  await assert.rejects(volume.rmdir('/'), isCode('EBUSY'))
  await assert.rejects(volume.unlink('/'), isCode('EISDIR'))
  await assert.rejects(volume.rename('/', '/a'), isCode('EBUSY'))
  await assert.rejects(volume.writeFile('/', ''), isCode('EISDIR'))
  await assert.rejects(volume.stat(''), isCode('ENOENT'))
  assert.equal(await volume.mkdir('/', { recursive: true }), undefined)
})

test('what is not supported is refused, not ignored', async (t) => {
  const volume = await inMemory(t)()
  const refused: (() => unknown)[] = [
    () => volume.readdir('/', { bufferSize: 3 } as never),
    () => volume.rm('/', { maxRetries: 3 } as never),
    () => volume.rmdir.call(volume, '/', ...([{ recursive: true }] as never as [])),
    () => volume.stat('/', { throwIfNoEntry: false } as never),
    () => volume.readFile('/', { encoding: 'utf9' as never }),
    () => volume.writeFile('/a', 3 as never),
    () => volume.writeFile('/a', '', { flag: 'q' }),
    () => volume.stat(new URL('file:///a') as never),
    () => volume.stat('/a\0b'),
    async () => volume.watch('/', { persistent: false } as never),
    async () => volume.createReadStream('/a', { fd: 3 } as never),
  ]
  for (const call of refused) await assert.rejects(async () => call(), TypeError, call.toString())
  assert.deepEqual(await volume.readdir('/'), [])
  await assert.rejects(volume.open('/', constants.O_DIRECT), isCode('EINVAL'))
  await assert.rejects(
    volume.copyFile('/a', '/b', constants.COPYFILE_FICLONE_FORCE),
    isCode('ENOTSUP'),
  )
})

test('extended attributes are set, read, listed and removed', async (t) => {
  const volume = await inMemory(t)()
  await volume.writeFile('/f', '')
  await volume.setxattr('/f', 'user.a', 'one', { create: true })
  await volume.setxattr('/f', Buffer.from('user.b'), Buffer.alloc(60_000, 7))
  assert.equal(String(await volume.getxattr('/f', 'user.a')), 'one')
  assert.equal((await volume.getxattr('/f', 'user.b')).length, 60_000)
  assert.deepEqual((await volume.listxattr('/f')).sort(), ['user.a', 'user.b'])
  await assert.rejects(volume.setxattr('/f', 'user.a', '', { create: true }), isCode('EEXIST'))
  await assert.rejects(volume.setxattr('/f', 'user.c', '', { replace: true }), isCode('ENODATA'))
  await assert.rejects(volume.setxattr('/f', 'user.a', Buffer.alloc(70_000)), isCode('E2BIG'))
  await assert.rejects(volume.getxattr('/f', 'system.x'), isCode('ENOTSUP'))
  await volume.removexattr('/f', 'user.a')
  await assert.rejects(volume.getxattr('/f', 'user.a'), isCode('ENODATA'))
  await volume.symlink('f', '/l')
  assert.deepEqual(await volume.listxattr('/l'), ['user.b'])
  assert.deepEqual(await volume.listxattr('/l', { follow: false }), [])
})

test('times keep their microseconds, and 64-bit stats their nanoseconds', async (t) => {
  const volume = await inMemory(t)()
  await volume.writeFile('/f', 'x')
  await volume.utimes('/f', new Date(1_500_000_000_123), 1_600_000_000.654321)
  const stats = await volume.stat('/f')
  assert.equal(stats.atimeMs, 1_500_000_000_123)
  assert.equal(stats.mtimeMs, 1_600_000_000_654.321)
  const { mtimeNs, size, isFile } = await volume.stat('/f', { bigint: true })
  assert.deepEqual([mtimeNs, size, typeof isFile], [1_600_000_000_654_321_000n, 1n, 'function'])
  const status = await volume.statfs('/', { bigint: true })
  assert.ok(status.bavail > 0n && status.bsize === 4096n)
})

test('a handle reads and writes where it stands', async (t) => {
  const volume = await inMemory(t)()
  const handle = await volume.open('/f', 'w+', 0o640)
  await handle.write('hello ')
  await handle.writev([Buffer.from('wor'), Buffer.from('ld')])
  assert.equal((await handle.read()).bytesRead, 0)
  const into = [Buffer.alloc(4), Buffer.alloc(20)]
  assert.equal((await handle.readv(into, 2)).bytesRead, 9)
  assert.equal(Buffer.concat(into).subarray(0, 9).toString(), 'llo world')
  assert.equal((await handle.stat()).mode & 0o777, 0o640)
  await volume.unlink('/f')
  assert.equal((await handle.stat()).nlink, 0)
  await handle.truncate(5)
  assert.equal((await handle.read({ position: 0 })).buffer.subarray(0, 5).toString(), 'hello')
  await Promise.all([handle.write('!', 5), handle.close(), handle.close()])
  await assert.rejects(handle.stat(), isCode('EBADF'))
  await assert.rejects(handle.read({ length: -1 } as never), RangeError)
})

test('calls on one handle that nobody waits for go on from one another', async (t) => {
  const volume = await inMemory(t)()
  const handle = await volume.open('/f', 'w+')
  await Promise.all(['aaaa', 'bbbb', 'cccc'].map((text) => handle.write(text)))
  assert.equal(String(await volume.readFile('/f')), 'aaaabbbbcccc')
  const second = await volume.open('/f', 'r')
  const pieces = [Buffer.alloc(4), Buffer.alloc(4), Buffer.alloc(4)]
  await Promise.all(pieces.map((piece) => second.read(piece)))
  assert.equal(pieces.join(''), 'aaaabbbbcccc')
  // One that fails holds up none behind it.
  const failed = second.write('x')
  const read = second.read(Buffer.alloc(4), 0, 4, 8)
  await assert.rejects(failed, isCode('EBADF'))
  assert.equal((await read).bytesRead, 4)
  assert.equal((await second.read(Buffer.alloc(4))).bytesRead, 0)
  await Promise.all([handle.close(), second.close()])
})

test('a directory can be opened, synced and changed, not read', async (t) => {
  const volume = await inMemory(t)()
  await volume.mkdir('/d')
  await using handle = await volume.open('/d')
  await handle.chmod(0o700)
  await handle.sync()
  assert.equal((await handle.stat()).mode & 0o777, 0o700)
  await assert.rejects(handle.readFile(), isCode('EISDIR'))
  await assert.rejects(volume.readFile('/d'), isCode('EISDIR'))
  await assert.rejects(volume.open('/d', 'r+'), isCode('EISDIR'))
})

test('lines, iterables, and directories one by one', async (t) => {
  const volume = await inMemory(t)()
  await volume.writeFile('/f', ['one\n', Buffer.from('two\n')])
  await volume.appendFile(
    '/f',
    (async function* () {
      yield 'three'
    })(),
  )
  const lines: string[] = []
  for await (const line of (await volume.open('/f')).readLines()) lines.push(line)
  assert.deepEqual(lines, ['one', 'two', 'three'])
  const made = await volume.mkdtemp('/tmp-')
  assert.match(made, /^\/tmp-\w{6}$/)
  assert.equal((await volume.stat(made)).mode & 0o777, 0o700)
  const directory = await volume.opendir('/')
  const names: string[] = []
  for await (const entry of directory) names.push(entry.name)
  assert.deepEqual(names, ['f', made.slice(1)])
  await assert.rejects(directory.read(), isCode('EBADF'))
  await assert.rejects(volume.opendir('/f'), isCode('ENOTDIR'))
})

test('an aborted call rejects with AbortError, and a closed volume with EBADF', async (t) => {
  const volume = await inMemory(t)()
  const signal = AbortSignal.abort()
  await assert.rejects(volume.readFile('/', { signal }), { name: 'AbortError', code: 'ABORT_ERR' })
  await assert.rejects(volume.writeFile('/f', ['a'], { signal }), { name: 'AbortError' })
  await volume.close()
  await assert.rejects(volume.readdir('/'), isCode('EBADF'))
  await volume.close()
})
