import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { declare } from './libc.js'
import { trimMemory } from './memory.js'

const malloc = declare<(size: number) => number>('long malloc(size_t)')
const memset = declare<(at: number, byte: number, size: number) => number>(
  'long memset(long, int, size_t)',
)
const free = declare<(at: number) => number>('void free(long)')
/** Below the size from which glibc asks the system for each piece. */
const pieceSize = 100_000

function residentKib(): number {
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}

test('what was freed beneath what is still held goes back to the system', (t) => {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  if (!header.glibcVersionRuntime) return t.skip('only glibc keeps what was freed')
  const pieces = Array.from({ length: 1000 }, () => malloc(pieceSize))
  for (const piece of pieces) memset(piece, 1, pieceSize)
  const last = pieces.pop() as number
  for (const piece of pieces) free(piece)
  const before = residentKib()
  trimMemory()
  const after = residentKib()
  assert.ok(after < before - 80_000, `${before} KiB, then ${after}`)
  free(last)
})
