/**
 * What is timed on each file system, in this order: each step starts where the one before left off.
 * A step answers what it counted, so that a file system that lost something gives no figure.
 */
import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, shell } from '../test/support/process.js'
import type { TreeCounts } from './tree-archive.js'

const ABSENT_NAMES = 1000

export interface Site {
  /** An existing folder that is given to this round alone. */
  readonly dir: string
  readonly archive: string
  readonly tree: TreeCounts & { bytes: number }
}

export interface Step {
  readonly name: string
  /** What is done before the clock starts. */
  readonly prepare?: (site: Site) => void | Promise<void>
  readonly measure: (site: Site) => void | Promise<void>
}

/** The kernel forgets names, inodes and their pages; the file system's own memory stays. */
function dropKernelCaches(): void {
  writeFileSync('/proc/sys/vm/drop_caches', '2\n')
}

async function find({ dir, tree }: Site): Promise<void> {
  const printed = await run('find', [join(dir, 'tree'), '-printf', '%y %s\n'])
  const files = printed.split('\n').filter((line) => line.startsWith('f '))
  assert.equal(files.length, tree.files)
  const bytes = files.reduce((sum, line) => sum + Number(line.slice(2)), 0)
  assert.equal(bytes, tree.bytes)
}

async function readAll({ dir, tree }: Site): Promise<void> {
  const counted = await shell(`find "$TREE" -type f -print0 | xargs -0 cat | wc -c`, {
    env: { ...process.env, TREE: join(dir, 'tree') },
  })
  assert.equal(Number(counted), tree.bytes)
}

function lookForAbsentNames({ dir }: Site): void {
  for (let number = 0; number < ABSENT_NAMES; number++) {
    const path = join(dir, 'tree/wp-includes', `absent-${number}.php`)
    assert.equal(lstatSync(path, { throwIfNoEntry: false }), undefined)
  }
}

export const STEPS: readonly Step[] = [
  {
    name: 'untar',
    prepare: ({ dir }) => mkdirSync(join(dir, 'tree')),
    measure: async ({ dir, archive }) => {
      await run('tar', ['-C', join(dir, 'tree'), '-xf', archive])
    },
  },
  { name: 'find, kernel cold', prepare: dropKernelCaches, measure: find },
  { name: 'find', measure: find },
  { name: 'read all, kernel cold', prepare: dropKernelCaches, measure: readAll },
  { name: 'read all', measure: readAll },
  { name: `${ABSENT_NAMES} absent names, first`, measure: lookForAbsentNames },
  { name: `${ABSENT_NAMES} absent names`, measure: lookForAbsentNames },
  {
    name: 'rm -rf',
    measure: async ({ dir }) => {
      await run('rm', ['-rf', join(dir, 'tree')])
      assert.equal(lstatSync(join(dir, 'tree'), { throwIfNoEntry: false }), undefined)
    },
  },
]
