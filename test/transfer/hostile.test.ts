/** Archives and trees that are damaged, or made to reach what they should not. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { TransferProblem } from '../../src/maintenance/transfer/transfer.js'
import { archive, member, pax } from './hand-made.js'
import { openTransferVolume, type TransferVolume } from './transfer-volume.js'

let volume: TransferVolume
let count = 0
before(async () => {
  volume = await openTransferVolume()
})
after(() => volume.close())

const fresh = () => `/fresh${++count}`
const streamOf = (bytes: Buffer) => Readable.from([bytes], { objectMode: false })

/** Unpacks into a fresh folder, going on where it can, and exports what has come of it. */
async function unpack(bytes: Buffer) {
  const to = fresh()
  const outcome = await volume.importArchive(streamOf(bytes), `${to}/inside`, { keepGoing: true })
  const out = join(volume.folder, `out${count}`)
  mkdirSync(out)
  await volume.exportFolder(to, out)
  return { ...outcome, out, names: namesBelow(out).sort() }
}

/** Byte strings; links are not followed. */
function namesBelow(folder: string, path = ''): string[] {
  const full = Buffer.from(join(folder, path), 'latin1')
  const entries = readdirSync(full, { withFileTypes: true, encoding: 'latin1' })
  return entries.flatMap((entry) => {
    const inner = join(path, entry.name)
    return entry.isDirectory() ? [inner, ...namesBelow(folder, inner)] : [inner]
  })
}

describe('members that would lead out of the folder', () => {
  test('with ".." in their name are refused, the others are taken', async () => {
    const names = ['../up', 'a/../../up', 'a/..', '/../up']
    const bytes = archive(...names.map((name) => member({ name })), member({ name: 'good' }))
    const { names: made, problems, counts } = await unpack(bytes)
    assert.deepEqual(made, ['inside', 'inside/good'])
    assert.equal(counts.failed, names.length)
    for (const [at, problem] of problems.entries())
      assert.match(problem, new RegExp(`^${names[at]?.replaceAll('.', '\\.')}: .*"\\.\\."`))
  })

  test('end the transfer where it is not to go on', async () => {
    const bytes = archive(member({ name: '../up' }), member({ name: 'good' }))
    const importing = volume.importArchive(streamOf(bytes), fresh())
    await assert.rejects(importing, (error) => {
      assert.ok(error instanceof TransferProblem)
      assert.equal(error.path, '../up')
      return true
    })
  })

  test('with a slash in front lose it, as with tar, and that is said once', async () => {
    const bytes = archive(
      member({ name: '/etc/passwd', content: 'root' }),
      member({ name: '//other' }),
      member({ name: '/link', type: '1', link: '/etc/passwd' }),
    )
    const { names, warnings, counts, out } = await unpack(bytes)
    assert.deepEqual(names, [
      'inside',
      'inside/etc',
      'inside/etc/passwd',
      'inside/link',
      'inside/other',
    ])
    assert.deepEqual(warnings, ['/etc/passwd'])
    assert.equal(counts.failed, 0)
    assert.equal(readFileSync(join(out, 'inside/link'), 'utf8'), 'root')
  })

  test('below a symbolic link of the same archive are refused', async () => {
    const bytes = archive(
      member({ name: 'a', type: '2', link: '..' }),
      member({ name: 'a/escaped', content: 'no' }),
      member({ name: 'a/deep/escaped', content: 'no' }),
      member({ name: 'b', type: '1', link: 'a/inside' }),
    )
    const { names, problems } = await unpack(bytes)
    assert.deepEqual(names, ['inside', 'inside/a'])
    assert.equal(problems.length, 3)
    assert.match(problems[0] ?? '', /^a\/escaped: .*a link there is not followed/)
  })

  test('replace a symbolic link instead of writing through it', async () => {
    const to = fresh()
    await volume.importArchive(streamOf(archive(member({ name: 'victim', content: 'kept' }))), to)
    const bytes = archive(
      member({ name: 'l', type: '2', link: `${to}/victim` }),
      member({ name: 'l', content: 'replaced' }),
    )
    await volume.importArchive(streamOf(bytes), `${to}/below`)
    const out = join(volume.folder, 'out-replaced')
    mkdirSync(out)
    await volume.exportFolder(to, out)
    assert.equal(readFileSync(join(out, 'victim'), 'utf8'), 'kept')
    assert.equal(readFileSync(join(out, 'below/l'), 'utf8'), 'replaced')
  })

  test('as hard links with ".." or to what is absent are refused', async () => {
    const bytes = archive(
      member({ name: 'x', type: '1', link: '../../x' }),
      member({ name: 'y', type: '1', link: 'absent/file' }),
      member({ name: 'folder/', type: '5' }),
      member({ name: 'z', type: '1', link: 'folder' }),
    )
    const { names, counts } = await unpack(bytes)
    assert.deepEqual(names, ['inside', 'inside/folder'])
    assert.equal(counts.failed, 3)
  })
})

test('names and paths that are too long, and strange members, are refused by name', async () => {
  const long = 'n'.repeat(256)
  const path = `${'p/'.repeat(2100)}x`
  const bytes = archive(
    pax([`path=${long}`]),
    member({ name: 'short' }),
    pax([`path=${path}`]),
    member({ name: 'short' }),
    member({ name: 'strange', type: 'Q', content: 'what is this' }),
    member({ name: 'acl' }),
    pax(['SCHILY.acl.access=user::rw-\nuser:no-such-user-here:rwx\n']),
    member({ name: 'unknown-user' }),
    member({ name: 'good' }),
  )
  const { names, problems } = await unpack(bytes)
  assert.deepEqual(names, ['inside', 'inside/acl', 'inside/good'])
  const [first, second, third, fourth] = problems
  assert.match(first ?? '', /^n{256}: .*255 bytes/)
  assert.match(second ?? '', /^p\/.*4095 bytes/)
  assert.match(third ?? '', /^strange: .*type "Q"/)
  assert.match(fourth ?? '', /^unknown-user: .*no-such-user-here/)
})

test('names of any bytes stay what they are', async () => {
  const name = '\xff\xfe \n\x1b'
  const bytes = archive(
    member({ name: `${name}/`, type: '5' }),
    pax([`path=${name}/\xc3`]),
    member({ name: 'x' }),
  )
  const { problems, names } = await unpack(bytes)
  assert.deepEqual(problems, [])
  assert.deepEqual(names, ['inside', `inside/${name}`, `inside/${name}/\xc3`])
})

describe('damaged archives', () => {
  const whole = archive(
    member({ name: 'one', content: 'first' }),
    member({ name: 'two', content: 'x'.repeat(3000) }),
    member({ name: 'three' }),
  )
  const importing = (bytes: Buffer, to = fresh()) => volume.importArchive(streamOf(bytes), to)
  const damaged = (what: RegExp) => (error: unknown) => {
    assert.ok(error instanceof Error)
    assert.match(error.message, what)
    return true
  }

  test('cut short in a header, in a file, or at its end, are told', async () => {
    await assert.rejects(importing(whole.subarray(0, 1024 + 100)), damaged(/ends in a header/))
    await assert.rejects(importing(whole.subarray(0, 2000)), damaged(/ends in the content/))
    await assert.rejects(
      importing(whole.subarray(0, 1024)),
      damaged(/no end mark behind byte 1024/),
    )
    await assert.rejects(importing(Buffer.alloc(0)), damaged(/no end mark/))
    const compressed = gzipSync(whole)
    const cut = compressed.subarray(0, compressed.length - 12)
    await assert.rejects(importing(cut), damaged(/cannot be expanded|no end mark/))
  })

  test('never remove what they do not name', async () => {
    const to = fresh()
    await importing(whole, to)
    for (const bytes of [whole.subarray(0, 1024), whole.subarray(0, 2000)])
      await volume
        .importArchive(streamOf(bytes), to, { delete: true, keepGoing: true })
        .catch(() => undefined)
    const { counts } = await volume.importArchive(streamOf(whole), to, { delete: true })
    assert.deepEqual([counts.unchanged, counts.removed], [3, 0])
  })

  test('with a wrong checksum, or that are none, are told', async () => {
    const wrong = archive(member({ name: 'x', checksum: '000001\0 ' }))
    await assert.rejects(importing(wrong), damaged(/checksum is wrong/))
    await assert.rejects(
      importing(Buffer.from('no archive at all'.repeat(100))),
      damaged(/is none/),
    )
    await assert.rejects(importing(Buffer.from('short')), damaged(/ends in a header/))
    const xz = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0])
    await assert.rejects(importing(xz), damaged(/xz -dc/))
  })

  test('with sizes that cannot be are told before they are believed', async () => {
    const huge = Buffer.alloc(12, 0xff)
    huge[0] = 0x80
    const cases: [Buffer, RegExp][] = [
      [member({ name: 'x', size: huge.toString('latin1') }), /too large/],
      [member({ name: 'x', size: '\xff'.repeat(12) }), /size below 0/],
      [member({ name: 'x', size: 'not octal' }), /number that is none/],
      [member({ name: 'pax', type: 'x', size: '77777777777\0' }), /16 MiB/],
      [Buffer.concat([pax(['size=-1']), member({ name: 'x' })]), /number that is none/],
      [
        Buffer.concat([1, 2].map((at) => pax([`comment${at}=${'x'.repeat(40_000)}`], 'g'))),
        /global headers of more than 64 KiB/,
      ],
      [member({ name: 'pax', type: 'x', content: '99 path=x\n' }), /extended header/],
      [member({ name: 'pax', type: 'x', content: '0 path=x\n' }), /extended header/],
    ]
    for (const [bytes, told] of cases)
      await assert.rejects(importing(archive(bytes)), damaged(told))
  })

  test('with maps of sparse files that lie are told', async () => {
    const sparse = (...records: string[]) =>
      archive(pax(records), member({ name: 'x', content: 'four' }))
    const map = (value: string, size = '100') =>
      sparse(`GNU.sparse.map=${value}`, `GNU.sparse.size=${size}`)
    await assert.rejects(importing(map('50,2,10,2')), damaged(/out of order/))
    await assert.rejects(importing(map('0,400')), damaged(/does not fit/))
    await assert.rejects(importing(map('98,4')), damaged(/does not fit/))
    await assert.rejects(importing(map('1,2,3')), damaged(/map of a sparse/))
    const { counts } = await importing(map('0,2,98,2'))
    assert.equal(counts.files, 1)
    const huge = map('0,4', String(2 ** 45))
    await assert.rejects(importing(huge), damaged(/EFBIG/))
  })
})

test('an export never writes through a link that stands in its way', async () => {
  const from = fresh()
  await volume.importArchive(
    streamOf(
      archive(
        member({ name: 'a/', type: '5', mode: '0000755\0' }),
        member({ name: 'a/passwd', content: 'from the volume' }),
        member({ name: 'file', content: 'from the volume' }),
      ),
    ),
    from,
  )
  const [outside, out] = [join(volume.folder, 'outside'), join(volume.folder, 'guarded')]
  mkdirSync(outside)
  mkdirSync(out)
  writeFileSync(join(outside, 'passwd'), 'not to be touched')
  symlinkSync(outside, join(out, 'a'))
  symlinkSync(join(outside, 'passwd'), join(out, 'file'))
  await volume.exportFolder(from, out)
  assert.equal(readFileSync(join(outside, 'passwd'), 'utf8'), 'not to be touched')
  assert.deepEqual(readdirSync(outside), ['passwd'])
  assert.equal(readFileSync(join(out, 'a/passwd'), 'utf8'), 'from the volume')
  assert.equal(readFileSync(join(out, 'file'), 'utf8'), 'from the volume')
})
