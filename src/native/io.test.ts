import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { read, write, writev } from './io.js'

const path = join(tmpdir(), `cassfs-io-${process.pid}`)

function withFile(flags: string, body: (fd: number) => void): void {
  const fd = openSync(path, flags)
  try {
    body(fd)
  } finally {
    closeSync(fd)
  }
}

describe('read and write', () => {
  it('move bytes, and a part of a larger buffer', () => {
    const large = Buffer.from('..middle..')
    try {
      withFile('w', (fd) => {
        assert.equal(write(fd, Buffer.from('head and more'), 4), 4)
        assert.equal(write(fd, large.subarray(2, 8), 6), 6)
      })
      assert.equal(readFileSync(path, 'utf8'), 'headmiddle')
      withFile('r', (fd) => {
        const into = Buffer.alloc(20, '-')
        assert.equal(read(fd, into.subarray(3), 5), 5)
        assert.equal(into.toString(), '---headm------------')
        assert.equal(read(fd, into, 20), 5)
        assert.equal(read(fd, into, 20), 0, 'the end')
      })
    } finally {
      rmSync(path)
    }
  })

  it('answer minus the errno', () => {
    assert.equal(read(-1, Buffer.alloc(1), 1), -9)
    assert.equal(write(-1, Buffer.alloc(1), 1), -9)
    assert.equal(writev(-1, Buffer.alloc(1), 1, []), -9)
  })
})

describe('writev', () => {
  it('writes a head and parts in one go, empty ones too', () => {
    const pool = Buffer.from('xxonextwoxx')
    const parts = [pool.subarray(2, 5), Buffer.alloc(0), pool.subarray(6, 9)]
    try {
      withFile('w', (fd) => assert.equal(writev(fd, Buffer.from('head..'), 4, parts), 10))
      assert.equal(readFileSync(path, 'utf8'), 'headonetwo')
    } finally {
      rmSync(path)
    }
  })
})
