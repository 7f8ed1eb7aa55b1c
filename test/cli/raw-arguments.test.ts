/** Arguments that are not UTF-8, of which two may look the same. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openSandbox, type Sandbox } from './cassfs.js'

let sandbox: Sandbox
before(() => {
  sandbox = openSandbox()
})
after(() => sandbox.close())

test('two names of which Node sees the same text are two files', async () => {
  const { status, stdout, stderr } = await sandbox.shell(
    "set -e; printf one > $'n\\xff'; printf two > $'n\\xfe'; " +
      "cassfs cp $'n\\xff' $'n\\xfe' :/; cassfs cat $'/n\\xff' $'/n\\xfe'; cassfs rm $'/n\\xfe'; cassfs ls /",
  )
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^onetwon[^\n]*\n$/)
})
