import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepsPagesTrue } from './direct-writes.js'

test('only kernels that drop pages behind a direct write too are trusted with one', () => {
  for (const release of ['6.18.10', '6.18.44-fc-v669', '6.19.0-rc1', '6.20', '7.0.1-generic'])
    assert.equal(keepsPagesTrue(release), true, release)
  for (const release of ['6.18.2', '6.18.0-8-generic', '6.17.13', '6.6.1', '5.15.0', '', 'strange'])
    assert.equal(keepsPagesTrue(release), false, release)
})
