// What the scripts offer, asked of the shells themselves.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { renderBash } from './bash.js'
import { renderFish } from './fish.js'
import { renderZsh } from './zsh.js'

const folder = mkdtempSync(path.join(tmpdir(), 'cassfs-completion-'))
const script = path.join(folder, 'cassfs.bash')
writeFileSync(script, renderBash())
after(() => rmSync(folder, { recursive: true }))

/** What bash offers for a line with the cursor at its end. */
function offered(line: string): string[] {
  // bash hands a completion its words split at blanks and at "=".
  const words = line.split(/( |=)/).filter((word) => word !== ' ')
  const program = `
    source '${script}'
    COMP_LINE=$1 COMP_POINT=\${#1}; shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _cassfs 2>/dev/null
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const said = execFileSync('bash', ['-c', program, 'bash', line, ...words], {
    encoding: 'utf8',
    cwd: folder,
  })
  return said.split('\n').filter((word) => word !== '')
}

function missing(shell: string): string | false {
  return spawnSync(shell, ['-c', 'true']).error ? `${shell} is not installed` : false
}

test('bash offers commands, then their words', { skip: missing('bash') }, () => {
  assert.deepEqual(offered('cassfs st').sort(), ['stat', 'status'])
  assert.deepEqual(offered('cassfs env '), ['list', 'create', 'delete'])
  assert.deepEqual(offered('cassfs -ro env c'), ['create'])
  assert.deepEqual(offered('cassfs rescue '), ['list', 'restore', 'delete'])
  assert.deepEqual(offered('cassfs completion z'), ['zsh'])
})

test('bash offers options, those of the command too, and their values', {
  skip: missing('bash'),
}, () => {
  assert.deepEqual(offered('cassfs -entry'), ['-entry_ttl='])
  assert.deepEqual(offered('cassfs umount --no'), ['--no-detach'])
  assert.deepEqual(offered('cassfs -log_level=d'), ['debug'])
  assert.deepEqual(offered('cassfs -consistency=LOCAL_'), ['LOCAL_QUORUM', 'LOCAL_ONE'])
  assert.deepEqual(offered('cassfs -voldir'), [], 'what has no effect is not offered')
})

test('bash offers folders where one is wanted', { skip: missing('bash') }, () => {
  execFileSync('mkdir', ['-p', path.join(folder, 'site')])
  assert.deepEqual(offered('cassfs mount si'), ['site'])
  assert.deepEqual(offered('cassfs import si'), ['site'])
  assert.deepEqual(offered('cassfs si'), ['site'])
})

test('fish reads its script', { skip: missing('fish') }, () => {
  execFileSync('fish', ['--no-execute', '-c', renderFish()])
})

test('zsh reads its script', { skip: missing('zsh') }, () => {
  execFileSync('zsh', ['-n', '-c', renderZsh()])
})
