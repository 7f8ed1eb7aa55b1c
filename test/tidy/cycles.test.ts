import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { test } from 'node:test'
import { readImports } from './imports.js'
import { readProjectFile, sourcesBelow } from './project-files.js'

type Graph = Map<string, string[]>

/** Files and what they import when they are loaded: types and `await import()` load nothing. */
function loadGraph(paths: string[], read: (path: string) => string): Graph {
  const graph: Graph = new Map()
  for (const path of paths) {
    const loaded = readImports(read(path), path).filter((each) => !each.dynamic && !each.typeOnly)
    const targets = loaded
      .map((each) => each.specifier ?? '')
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts'))
    graph.set(path, targets)
  }
  return graph
}

function findCycle(graph: Graph): string[] | undefined {
  const done = new Set<string>()
  const visit = (path: string, trail: string[]): string[] | undefined => {
    const at = trail.indexOf(path)
    if (at >= 0) return [...trail.slice(at), path]
    if (done.has(path)) return undefined
    for (const target of graph.get(path) ?? []) {
      const cycle = visit(target, [...trail, path])
      if (cycle) return cycle
    }
    done.add(path)
    return undefined
  }
  for (const path of graph.keys()) {
    const cycle = visit(path, [])
    if (cycle) return cycle
  }
  return undefined
}

test('a cycle of imports is found', () => {
  const files: Record<string, string> = {
    'src/a.ts': `import { b } from './b.js'`,
    'src/b.ts': `export * from './c.js'`,
    'src/c.ts': `import { a } from './a.js'`,
    'src/d.ts': `import type { E } from './e.js'`,
    'src/e.ts': `import { d } from './d.js'`,
  }
  const graph = loadGraph(Object.keys(files), (path) => files[path] ?? '')
  assert.deepEqual(findCycle(graph), ['src/a.ts', 'src/b.ts', 'src/c.ts', 'src/a.ts'])
  graph.delete('src/c.ts')
  assert.equal(findCycle(graph), undefined)
})

test('no file of src loads itself by way of others', () => {
  assert.equal(findCycle(loadGraph(sourcesBelow('src'), readProjectFile))?.join(' -> '), undefined)
})
