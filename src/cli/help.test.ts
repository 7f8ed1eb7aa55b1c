import assert from 'node:assert/strict'
import { test } from 'node:test'
import { optionTable } from '../config/option-table.js'
import { commandTable } from './command-table.js'
import { renderCommandHelp, renderHelp } from './help.js'

test('the page names every command and every option that has an effect', () => {
  const page = renderHelp()
  for (const spec of commandTable)
    assert.ok(page.includes(`  ${spec.words.join(' ')}`), spec.words[0])
  for (const row of optionTable) {
    assert.equal(page.includes(`  -${row.key}`), row.group !== 'ignored', row.key)
  }
})

test('no line is wider than a hundred columns', () => {
  const pages = [renderHelp(), ...commandTable.map(renderCommandHelp)]
  for (const line of pages.join('\n').split('\n')) assert.ok(line.length <= 100, line)
})

test('a command’s page has its own options, and the others that matter to it', () => {
  const init = commandTable.find((spec) => spec.words[0] === 'init')
  assert.ok(init)
  const page = renderCommandHelp(init)
  assert.match(page, /Usage: cassfs \[options\] init\n/)
  assert.match(page, /--replication=<value> {2}/)
  assert.match(page, /-keyspace=<text>/)
  assert.doesNotMatch(page, /-entry_ttl/)
})
