// docs/METRICS.md is up to date. To renew it, build and run this test with CASSFS_RENEW=1.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { projectPath } from '../../test/support/project.js'
import { renderMetricsPage } from './render-metrics-page.js'

test('docs/METRICS.md is up to date', () => {
  const file = projectPath('docs/METRICS.md')
  const expected = renderMetricsPage()
  if (process.env.CASSFS_RENEW) writeFileSync(file, expected)
  const hint = 'docs/METRICS.md is old: build, then CASSFS_RENEW=1 node --test <this test>'
  assert.equal(readFileSync(file, 'utf8'), expected, hint)
})
