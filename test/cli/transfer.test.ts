/** import, export, cp and rm as commands: their words, what they print, their exit status. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { createTree, differences, listTree } from '../support/tree.js'
import { archive, member } from '../transfer/hand-made.js'
import { openSandbox, type Sandbox } from './cassfs.js'

let sandbox: Sandbox
let tree = ''
const inside = (name: string) => join(sandbox.folder, name)

before(() => {
  sandbox = openSandbox()
  tree = inside('tree')
  createTree(tree, { seed: 5, directories: 4, filesEach: 6 })
})
after(() => sandbox.close())

/** Runs to its end and answers standard output; its exit status is to be `status`. */
async function cassfs(args: readonly string[], status = 0): Promise<string> {
  const ended = await sandbox.run(args)
  assert.equal(ended.status, status, `${args.join(' ')}:\n${ended.stdout}${ended.stderr}`)
  return status === 0 ? ended.stdout : ended.stderr
}

/** Exit status of an import that gets so much of an archive, and then a signal. */
async function interruptImport(head: Buffer): Promise<number | null> {
  const own = openSandbox()
  const child = own.start(['import', '-', '/'], { stdio: ['pipe', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  const tooLate = setTimeout(() => child.kill('SIGKILL'), 20_000)
  try {
    child.stdin?.write(head)
    while (child.exitCode === null && !existsSync(join(own.folder, 'state/journal')))
      await pause(20)
    await pause(500)
    child.kill('SIGINT')
    return (await ended)[0]
  } finally {
    clearTimeout(tooLate)
    own.close()
  }
}

describe('import and export', () => {
  test('carry a folder there and back, and say what they did', async () => {
    assert.match(await cassfs(['import', tree, '/site']), /^imported: \d+ files \(.*\), 4 folders/)
    assert.match(await cassfs(['import', tree, '/site']), /^imported: \d+ unchanged in /)
    const summary = JSON.parse(await cassfs(['import', '--json', '--delete', tree, '/site']))
    assert.deepEqual([summary.files, summary.failed, summary.problems], [0, 0, []])
    assert.ok(summary.unchanged > 30)
    await cassfs(['export', '/site', 'out'])
    assert.equal(differences(listTree(inside('out')), listTree(tree)), '')
  })

  test('carry archives, compressed and through pipes', async () => {
    await cassfs(['export', '/site', 'site.tar.gz'])
    const said = await sandbox.shell(
      'set -e -o pipefail; gunzip -t site.tar.gz; cassfs export /site - > site.tar; ' +
        'cassfs import - /piped < site.tar; cassfs import site.tar.gz /zipped; ' +
        'mkdir piped; cassfs export /piped - | tar -C piped -xpf -; cassfs export /zipped zipped',
    )
    assert.equal(said.status, 0, said.stderr)
    assert.equal(differences(listTree(inside('piped')), listTree(tree)), '')
    assert.equal(differences(listTree(inside('zipped')), listTree(tree)), '')
    assert.deepEqual(
      readdirSync(sandbox.folder).filter((name) => name.endsWith('.tmp')),
      [],
    )
  })

  test('of a dry run say what would be done', async () => {
    mkdirSync(inside('small'))
    writeFileSync(inside('small/new\nfile'), 'x')
    const told = await cassfs(['import', '--dry-run', 'small', '/site'])
    assert.match(told, /^make +new\\nfile\nwould be imported: 1 file \(1 B\) in /)
    const said = await cassfs(['export', '--dry-run', '/site', 'not-made'])
    assert.match(said, /would be exported: \d+ files/)
    assert.equal(existsSync(inside('not-made')), false)
  })

  test('tell what failed by name; --keep-going takes the rest', async () => {
    const hostile = archive(member({ name: '../x\xff' }), member({ name: 'good' }))
    writeFileSync(inside('hostile.tar'), hostile)
    const stopped = await cassfs(['import', 'hostile.tar', '/hostile'], 1)
    assert.match(stopped, /\.\.\/x\\xff: .*may lead out/)
    assert.match(stopped, /what was done stays/)
    assert.equal(await cassfs(['ls', '/hostile']), '')
    await cassfs(['import', '--keep-going', 'hostile.tar', '/hostile'], 1)
    assert.equal(await cassfs(['ls', '/hostile']), 'good\n')
  })

  test('tell that half an archive was taken', async () => {
    mkdirSync(inside('large'))
    writeFileSync(inside('large/file'), Buffer.alloc(1 << 20))
    await cassfs(['import', 'large', '/large'])
    const part = await sandbox.shell(
      'set -o pipefail; cassfs export /large - | head -c 1000 | wc -c',
    )
    assert.equal(part.stdout.trim(), '1000')
    assert.equal(part.status, 1)
    assert.match(part.stderr, /the archive is not whole/)
    const listed = await sandbox.shell('set -o pipefail; cassfs ls /site | head -n 1')
    assert.equal(listed.status, 0)
  })

  test('hear of a signal while input stands still', async () => {
    for (const head of [Buffer.alloc(0), member({ name: 'x', content: 'whole' }).subarray(0, 514)])
      assert.equal(await interruptImport(head), 130)
  })

  test('refuse what makes no sense', async () => {
    assert.match(await cassfs(['import', 'absent'], 1), /absent cannot be read: no such file/)
    assert.match(await cassfs(['export', '/absent', 'x'], 1), /\/absent cannot be read/)
    assert.match(
      await cassfs(['export', '--delete', '/site', 'x.tar'], 2),
      /--delete needs a folder/,
    )
    assert.match(await cassfs(['import', '-ro', tree, '/ro'], 1), /read-only/)
    assert.match(await cassfs(['export', '-environment=none', '/', 'x'], 1), /has no environment/)
  })
})

describe('cp', () => {
  test('copies into, out of and within the environment', async () => {
    writeFileSync(inside('one'), 'one')
    writeFileSync(inside(':two'), 'two')
    await cassfs(['cp', 'one', './:two', ':/'])
    await cassfs(['cp', ':/one', ':/three'])
    await cassfs(['cp', '-r', ':/site', ':/site2'])
    await cassfs(['cp', ':/:two', ':/three', '.'])
    assert.deepEqual(
      ['three', ':two'].map((name) => readFileSync(inside(name), 'utf8')),
      ['one', 'two'],
    )
    await cassfs(['cp', '-r', ':/site2', 'copied'])
    assert.equal(differences(listTree(inside('copied')), listTree(tree)), '')
    await cassfs(['cp', '-r', ':/site2/.', 'contents'])
    assert.equal(differences(listTree(inside('contents')), listTree(tree)), '')
    mkdirSync(inside('into'))
    await cassfs(['cp', '-r', ':/site2', 'into/'])
    assert.equal(differences(listTree(inside('into/site2')), listTree(tree)), '')
  })

  test('replaces a file even where size and time are the same', async () => {
    await sandbox.shell('printf aaa > same; touch -d @1000000000 same; cassfs cp same :/same')
    await sandbox.shell('printf bbb > same; touch -d @1000000000 same; cassfs cp same :/same')
    assert.equal(await cassfs(['cat', '/same']), 'bbb')
  })

  test('loses nothing: no source under the name of another, no file under a link to it', async () => {
    for (const name of ['p/twice', 'q/twice']) {
      mkdirSync(inside(name[0] ?? ''))
      writeFileSync(inside(name), name)
    }
    mkdirSync(inside('into-links'))
    for (const target of ['kept', 'loop']) symlinkSync(target, inside(`into-links/to-${target}`))
    symlinkSync('to-loop', inside('into-links/loop'))
    writeFileSync(inside('into-links/kept'), 'kept')
    await cassfs(['cp', '-r', 'into-links', ':/'])
    assert.match(
      await cassfs(['cp', 'p/twice', 'q/twice', ':/into-links'], 1),
      /q\/twice: .*replace/,
    )
    assert.equal(await cassfs(['cat', '/into-links/twice']), 'p/twice')
    const onto = ['cp', ':/into-links/to-kept', ':/into-links/kept']
    assert.match(await cassfs(onto, 1), /onto itself/)
    assert.equal(await cassfs(['cat', '/into-links/kept']), 'kept')
    await cassfs(['cp', ':/into-links/to-loop', ':/looping'])
    for (const paths of [
      ['p/twice', ':/absent/'],
      ['p/twice/', ':/into-links'],
    ])
      assert.match(await cassfs(['cp', ...paths], 1), /slash stands behind/)
  })

  test('refuses folders without -r, itself into itself, and copies of this machine', async () => {
    assert.match(await cassfs(['cp', ':/site', ':/x'], 1), /-r/)
    assert.match(await cassfs(['cp', '-r', ':/site', ':/site/below'], 1), /into itself/)
    assert.match(await cassfs(['cp', ':/one', ':/one'], 1), /onto itself/)
    assert.match(await cassfs(['cp', ':/absent', ':/one', ':/site'], 1), /absent/)
    assert.match(await cassfs(['cp', ':/one', ':/same', ':/three'], 1), /no folder/)
    assert.match(await cassfs(['cp', 'one', 'other'], 2), /colon/)
    mkdirSync(inside('same-name/same'), { recursive: true })
    assert.match(await cassfs(['cp', ':/same', 'same-name'], 1), /folder is in its place/)
  })
})

describe('rm', () => {
  test('removes files and, asked for, folders', async () => {
    await cassfs(['rm', '/one', '/:two'])
    assert.match(await cassfs(['rm', '/one'], 1), /^cassfs: \/one: no such file/)
    await cassfs(['rm', '-f', '/one', '/absent/too'])
    assert.match(await cassfs(['rm', '/site2'], 1), /-r/)
    assert.match(await cassfs(['rm', '-r', '--dry-run', '/site2']), /^remove +\/site2\/.*\n/)
    assert.match(await cassfs(['ls', '/']), /^site2$/m)
    await cassfs(['rm', '-rf', '/site2/'])
    assert.doesNotMatch(await cassfs(['ls', '/']), /^site2$/m)
  })

  test('removes a link, not what it leads to', async () => {
    mkdirSync(inside('links'))
    symlinkSync('/site', inside('links/to-site'))
    await cassfs(['cp', '-r', 'links', ':/'])
    await cassfs(['rm', '-r', '/links/to-site'])
    assert.equal(await cassfs(['ls', '/links']), '')
    assert.match(await cassfs(['ls', '/site']), /file\.0/)
  })

  test('removes a link to the root, not what is in the root', async () => {
    symlinkSync('/', inside('links/to-root'))
    await cassfs(['cp', '-r', 'links', ':/'])
    const all = ['rm', '-r', '--no-preserve-root']
    assert.match(await cassfs([...all, '/links/to-root/'], 1), /no folder|not a directory/)
    assert.match(await cassfs(['rm', '-r', '/links/to-root/.'], 1), /--no-preserve-root/)
    await cassfs([...all, '/links/to-root'])
    assert.doesNotMatch(await cassfs(['ls', '/links']), /to-root/)
    assert.match(await cassfs(['ls', '/']), /^site$/m)
  })

  test('never empties the environment by a slip', async () => {
    for (const path of ['/', '.', '/site/..'])
      assert.match(await cassfs(['rm', '-rf', path], 1), /--no-preserve-root/, path)
    assert.match(await cassfs(['ls', '/']), /^site$/m)
    await cassfs(['rm', '-r', '--no-preserve-root', '/'])
    assert.equal(await cassfs(['ls', '/']), '')
  })
})
