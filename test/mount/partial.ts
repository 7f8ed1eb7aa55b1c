// Comparison of what must be with what is, where what is may hold more: lock owners and process
// ids are the kernel's to choose.

import assert from 'node:assert/strict'

/** Every field of `expected` must be in `actual` with that value, at any depth. */
export function assertMatches(actual: unknown, expected: unknown): void {
  assert.deepEqual(restrictedTo(actual, expected), expected)
}

function restrictedTo(actual: unknown, expected: unknown): unknown {
  if (!isRecord(expected) || !isRecord(actual)) return actual
  const entries = Object.keys(expected).map((key) => [
    key,
    restrictedTo(actual[key], expected[key]),
  ])
  return Object.fromEntries(entries)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
