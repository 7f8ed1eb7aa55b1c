#!/usr/bin/env node
/**
 * `npm run soak`: what takes hours. The heavy tests with many more rounds, then every `*.soak.ts`.
 * Variables that are already set are kept, so that one failing seed can be repeated.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const LONGER = {
  CASSFS_TEST_ROUNDS: '500',
  CASSFS_TEST_FSX_OPERATIONS: '1000000',
  CASSFS_TEST_LIMIT_MS: String(12 * 3_600_000),
}
const runner = fileURLToPath(new URL('./test.mjs', import.meta.url))
const filters = process.argv.slice(2)

function run(kind) {
  const env = { ...LONGER, ...process.env }
  const options = { env, stdio: 'inherit' }
  return spawnSync(process.execPath, [runner, kind, ...filters], options).status === 0
}

process.exitCode = ['--heavy', '--soak'].map(run).every(Boolean) ? 0 : 1
