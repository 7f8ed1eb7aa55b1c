// What is generated from the schema is up to date. To renew it, build and run this test with
// CASSFS_RENEW=1.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { optionTable } from './option-table.js'
import { renderConfigurationPage } from './render-configuration-page.js'
import { optionRows, renderOptionTable } from './render-option-table.js'

function projectRoot(): string {
  let folder = import.meta.dirname
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder)
  return folder
}

function compare(name: string, expected: string): void {
  const file = path.join(projectRoot(), name)
  if (process.env.CASSFS_RENEW) writeFileSync(file, expected)
  const hint = `${name} is old: build, then CASSFS_RENEW=1 node --test <this test>`
  assert.equal(readFileSync(file, 'utf8'), expected, hint)
}

test('the option table is the schema', { skip: Boolean(process.env.CASSFS_RENEW) }, () => {
  assert.deepEqual(optionTable, optionRows())
})

test('src/config/option-table.ts is up to date', () => {
  compare('src/config/option-table.ts', renderOptionTable())
})

test('docs/CONFIGURATION.md is up to date', () => {
  compare('docs/CONFIGURATION.md', renderConfigurationPage())
})
