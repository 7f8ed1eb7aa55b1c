import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isLayer, layerOf, violation } from './import-rules.js'
import { readImports } from './imports.js'
import { readProjectFile, sourcesBelow } from './project-files.js'

function violationsOf(path: string, source: string): string[] {
  const found: string[] = []
  for (const each of readImports(source, path)) {
    const reason = violation(path, each)
    if (reason) found.push(`src/${path}:${each.line}: ${each.specifier}: ${reason}`)
  }
  return found
}

/** Each row breaks one rule: file, what it imports, and the sentence that must come. */
const BROKEN: [path: string, source: string, reason: RegExp][] = [
  ['posix/mode.ts', `import { x } from '../volume/inode.js'`, /posix may not import volume/],
  ['native/io.ts', `import { x } from '../posix/mode.js'`, /native may not import posix$/],
  ['native/io.ts', `import { x } from '../fuse/device.js'`, /native may not import fuse/],
  ['fuse/wire/init.ts', `import { x } from '../../volume/inode.js'`, /fuse may not import volume/],
  ['fuse/device.ts', `import { x } from '../posix/mode.js'`, /fuse may not import posix$/],
  ['fuse/device.ts', `import { x } from '../observe/logger.js'`, /fuse may not import observe/],
  ['vfs/read.ts', `import { x } from '../fuse/handler.js'`, /vfs may not import fuse/],
  ['vfs/read.ts', `import type { X } from '../fuse/handler.js'`, /vfs may not import fuse/],
  ['vfs/read.ts', `import { type X } from '../mount/bridge.js'`, /vfs may not import mount/],
  ['vfs/read.ts', `export * from '../config/schema.js'`, /vfs may not import config/],
  ['vfs/read.ts', `export type { X } from '../observe/logger.js'`, /vfs may not import observe/],
  ['vfs/read.ts', `let a: import('../fuse/handler.js').X`, /vfs may not import fuse/],
  [
    'vfs/a.ts',
    `import { x } from '../store/open-store.js'`,
    /vfs may not import store\/open-store/,
  ],
  ['cache/cache.ts', `import { x } from '../store/store.js'`, /cache may not import store\/store/],
  ['cache/cache.ts', `import { x } from '../content/codec.js'`, /cache may not import content/],
  ['volume/a.ts', `import { x } from '../tables/tables.js'`, /volume may not import tables/],
  ['tables/a.ts', `import { x } from '../replica/replica.js'`, /tables may not import replica/],
  ['replica/a.ts', `import { x } from '../vfs/read.js'`, /replica may not import vfs/],
  ['replica/a.ts', `import { x } from '../content/reader.js'`, /replica may not import content/],
  ['content/a.ts', `import { x } from '../replica/replica.js'`, /content may not import replica/],
  ['replica/a.ts', `import { x } from '../store/memory/memory-store.js'`, /open-store alone/],
  ['store/lmdb/a.ts', `import { x } from '../cassandra/session.js'`, /open-store alone/],
  ['store/open-store.ts', `import { x } from './lmdb/lmdb-store.js'`, /with await import/],
  ['store/with-retry.ts', `import { x } from '../replica/replica.js'`, /may not import replica/],
  ['store/store.ts', `import { x } from './with-retry.js'`, /may not import store\/decorator/],
  ['environments/a.ts', `import { x } from '../mount/assemble.js'`, /may not import mount/],
  ['maintenance/a.ts', `import { x } from '../config/schema.js'`, /may not import config/],
  ['rescue/a.ts', `import { x } from '../mount/assemble.js'`, /rescue may not import mount/],
  ['vfs/a.ts', `import { x } from '../rescue/rescue.js'`, /vfs may not import rescue/],
  ['config/a.ts', `import { x } from '../cli/main.js'`, /config may not import cli/],
  ['observe/a.ts', `import { x } from '../config/schema.js'`, /observe may not import config/],
  ['mount/a.ts', `import { x } from '../cli/main.js'`, /mount may not import cli/],
  ['cli/a.ts', `import { x } from '../fuse/device.js'`, /cli may not import fuse/],
  ['csi/a.ts', `import { x } from '../config/schema.js'`, /csi may not import config/],
  ['docker/a.ts', `import { x } from '../cli/main.js'`, /docker may not import cli/],
  ['library/a.ts', `import { x } from '../replica/replica.js'`, /library may not import replica/],
  ['library/a.ts', `import { x } from '../mount/assemble.js'`, /library may not import mount/],
  ['state/a.ts', `import { x } from '../vfs/vfs.js'`, /state may not import vfs/],
  ['index.ts', `export * from './mount/assemble.js'`, /index may not import mount/],
  ['index.ts', `export * from './vfs/vfs.js'`, /index may not import vfs/],
  ['tools/a.ts', `import { x } from '../posix/errno.js'`, /tools is no layer/],
  ['vfs/a.ts', `import { x } from './read.test.js'`, /does not import a test/],
  ['vfs/a.ts', `import { x } from '../../test/support/project.js'`, /nothing outside src/],
  ['vfs/a.ts', `const x = await import(\`../\${name}.js\`)`, /computed import/],
  ['vfs/a.ts', `import { x } from './read'`, /ends in \.js/],
  ['vfs/a.ts', `import koffi from 'koffi'`, /koffi belongs to native/],
  ['store/lmdb/a.ts', `import { Client } from 'cassandra-driver'`, /belongs to store\/cassandra/],
  ['mount/a.ts', `import { open } from 'lmdb'`, /lmdb belongs to/],
  ['mount/a.ts', `import { Gauge } from 'prom-client'`, /prom-client belongs to observe/],
  ['vfs/a.ts', `import { z } from 'zod'`, /zod belongs to config/],
]

/** The nearest allowed neighbours of the above. */
const ALLOWED: [path: string, source: string][] = [
  ['vfs/read.ts', `import { x } from '../volume/inode.js'\nimport { y } from '../posix/mode.js'`],
  [
    'fuse/mount.ts',
    `import { x } from '../native/mount.js'\nimport { y } from '../posix/errno.js'`,
  ],
  ['store/open-store.ts', `const { x } = await import('./lmdb/lmdb-store.js')`],
  ['store/lmdb/a.ts', `import { x } from './b.js'\nimport { open } from 'lmdb'`],
  ['store/lmdb/a.ts', `import { x } from '../../native/datagram.js'`],
  ['replica/a.ts', `import type { Store } from '../store/store.js'`],
  ['vfs/read.test.ts', `import { x } from '../store/memory/memory-store.js'`],
  [
    'index.ts',
    `import { x } from './store/open-store.js'\nexport { y } from './library/errors.js'`,
  ],
  ['native/a.ts', `import koffi from 'koffi'\nimport { join } from 'node:path'`],
]

describe('import rules', () => {
  for (const [path, source, reason] of BROKEN)
    test(`reports ${path} with ${source}`, () => {
      const found = violationsOf(path, `const before = 1 / 2\n${source}\n`)
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0] ?? '', reason)
    })

  for (const [path, source] of ALLOWED)
    test(`allows ${path} with ${source.replace('\n', '; ')}`, () => {
      assert.deepEqual(violationsOf(path, source), [])
    })

  test('no file of src breaks one', () => {
    const found = sourcesBelow('src').flatMap((path) =>
      violationsOf(path.slice('src/'.length), readProjectFile(path)),
    )
    assert.deepEqual(found, [])
  })

  test('the lexer sees every import that a plain search for "from" sees', () => {
    for (const path of sourcesBelow('src')) {
      const source = readProjectFile(path)
      const seen = readImports(source, path).map((each) => each.specifier)
      const plain = source.matchAll(/^(?:.*\bfrom|import) '([^']+)'$/gm)
      for (const [line, specifier] of plain)
        assert.ok(seen.includes(specifier), `${path}: not seen: ${line}`)
    }
  })

  test('every file of src lies in a layer', () => {
    const paths = sourcesBelow('src').map((path) => path.slice('src/'.length))
    assert.deepEqual(
      paths.filter((path) => !isLayer(layerOf(path))),
      [],
    )
  })
})
