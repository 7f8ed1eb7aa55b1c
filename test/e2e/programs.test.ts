/**
 * Real programs on a mount, each with a check of its own that what they did is really there.
 * CASSFS_E2E_TARGET chooses another file system to run them on.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { programsMissing, run, shell } from '../support/process.js'
import { projectPath } from '../support/project.js'
import { openTarget, type Target, targetMissing, targetName } from '../support/target.js'
import { countKinds, createTree, differences, listTree } from '../support/tree.js'

const name = targetName()
const skip = await targetMissing(name)

/** Skips a test with its reason where a program is missing. */
function needs(...programs: string[]): { skip: string | false } {
  const advice = `on Debian or Ubuntu: apt-get install ${programs.join(' ')}`
  return { skip: programsMissing(programs, advice) ?? false }
}

function compareTrees(actual: string, expected: string): void {
  assert.equal(differences(listTree(actual), listTree(expected)), '')
}

describe(`real programs on ${name}`, { skip: skip ?? false }, () => {
  let target: Target
  let source: string
  const on = (path: string) => join(target.dir, path)

  before(async () => {
    target = await openTarget(name)
    source = join(target.workDir, 'source')
    createTree(source, { seed: 7, directories: 25, filesEach: 12 })
  })
  after(() => target?.close())

  test('tar: extracts, compares, and packs what it extracted', needs('tar'), async () => {
    mkdirSync(on('tar'))
    const archive = join(target.workDir, 'a.tar')
    await run('tar', ['-C', source, '--format=pax', '-cf', archive, '.'])
    await run('tar', ['-C', on('tar'), '-xpf', archive])
    compareTrees(on('tar'), source)
    await run('tar', ['-C', on('tar'), '--compare', '-f', archive])
    await run('tar', ['-C', on('tar'), '--format=pax', '-cf', on('again.tar'), '.'])
    await run('tar', ['-C', source, '--compare', '-f', on('again.tar')])
  })

  test('rsync -aHAX, then a comparison by checksum', needs('rsync'), async () => {
    await run('rsync', ['-aHAX', `${source}/`, on('rsync/')])
    const flags = ['-aHAX', '--checksum', '--delete', '--dry-run', '--itemize-changes']
    assert.equal(await run('rsync', [...flags, `${source}/`, on('rsync/')]), '')
    compareTrees(on('rsync'), source)
    writeFileSync(join(on('rsync'), 'file.0'), 'changed')
    assert.match(await run('rsync', [...flags, `${source}/`, on('rsync/')]), /file\.0/)
  })

  test('cp -a and diff -r', needs('cp', 'diff'), async () => {
    await run('cp', ['-a', source, on('copy')])
    await run('diff', ['-r', '--no-dereference', source, on('copy')])
    await run('cp', ['-a', on('copy'), on('copy-of-copy')])
    await run('diff', ['-r', '--no-dereference', on('copy'), on('copy-of-copy')])
    compareTrees(on('copy-of-copy'), source)
  })

  test('git: init, add, commit, clone, gc, fsck', needs('git'), async () => {
    const git = (dir: string, ...flags: string[]) => run('git', ['-C', dir, ...flags])
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com']
    mkdirSync(on('git'))
    await git(on('git'), 'init', '-q', '-b', 'main')
    cpSync(projectPath('node_modules/zod'), on('git/src'), { recursive: true })
    for (let number = 0; number < 5; number++) {
      writeFileSync(on(`git/src/note-${number % 2}`), `change ${number}\n`)
      await git(on('git'), 'add', '-A')
      await git(on('git'), ...identity, 'commit', '-q', '-m', `change ${number}`)
    }
    await run('git', ['clone', '-q', on('git'), on('clone')])
    await git(on('git'), 'gc', '-q', '--aggressive', '--prune=now')
    for (const dir of [on('git'), on('clone')]) {
      await git(dir, 'fsck', '--strict', '--no-dangling')
      assert.equal(await git(dir, 'status', '--porcelain'), '')
      assert.equal((await git(dir, 'rev-list', '--count', 'HEAD')).trim(), '5')
    }
    await run('diff', ['-r', '--exclude=.git', on('git'), on('clone')])
  })

  test('npm ci of a project with 2,000 files', needs('npm'), async () => {
    mkdirSync(on('npm'))
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      cpSync(projectPath(file), on(`npm/${file}`))
    const flags = ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
    await run('npm', flags, { cwd: on('npm'), timeoutMs: 180_000 })
    const [here, there] = [on('npm/node_modules'), projectPath('node_modules')]
    await run('diff', ['-r', '--no-dereference', '--exclude=.package-lock.json', here, there])
    assert.ok((countKinds(listTree(here)).file ?? 0) >= 2000)
    const imported = `import('zod').then((m) => console.log(typeof m.z.object))`
    const said = await run('node', ['-e', imported], { cwd: on('npm') })
    assert.equal(said.trim(), 'function')
  })

  test('make -j2 builds what changed and nothing else', needs('make'), async () => {
    mkdirSync(on('make'))
    const parts = Array.from({ length: 80 }, (_, index) => `part${index}`)
    for (const part of parts) writeFileSync(on(`make/${part}.in`), `${part}\n`)
    const rule = '%.out: %.in\n\t@cp $< $@.new && mv $@.new $@ && echo built $@\n'
    const all = `all.txt: ${parts.map((part) => `${part}.out`).join(' ')}\n\t@cat $^ >$@\n`
    writeFileSync(on('make/Makefile'), `${all}${rule}`)
    const make = () => run('make', ['-s', '-j2', '-C', on('make')])
    assert.equal((await make()).trim().split('\n').length, parts.length)
    assert.equal(readFileSync(on('make/all.txt'), 'utf8'), `${parts.join('\n')}\n`)
    assert.equal(await make(), '')
    await shell(`sleep 0.02; echo new >'${on('make/part7.in')}'`)
    assert.equal(await make(), 'built part7.out\n')
    assert.match(readFileSync(on('make/all.txt'), 'utf8'), /^new$/m)
  })

  for (const journal of ['delete', 'wal'])
    test(`SQLite, journal_mode=${journal}, two processes`, needs('sqlite3'), async () => {
      const database = on(`${journal}.db`)
      const sqlite = (input: string) => run('sqlite3', ['-bail', database], { input })
      const mode = await sqlite(`pragma journal_mode=${journal}; create table t(w, n);`)
      assert.equal(mode.trim(), journal)
      const insert = (writer: string) => {
        const statements = Array.from(
          { length: 150 },
          (_, n) => `insert into t values('${writer}',${n});`,
        )
        return sqlite(`.timeout 60000\n${statements.join('\n')}`)
      }
      await Promise.all([insert('a'), insert('b')])
      const check =
        'pragma integrity_check; select w, count(*), sum(n) from t group by w order by w;'
      assert.equal(await sqlite(check), 'ok\na|150|11175\nb|150|11175\n')
    })
})
