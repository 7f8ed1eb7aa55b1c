/**
 * Programs that put a file system under load and check what they read: fio (every block with a checksum), and
 * dbench (what a file server is asked for).
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { programsMissing, run } from '../support/process.js'
import { openTarget, type Target, targetMissing, targetName } from '../support/target.js'

const name = targetName()
const missing =
  (await targetMissing(name)) ?? programsMissing(['fio', 'dbench'], 'apt-get install fio dbench')
const DBENCH_S = Number(process.env.CASSFS_TEST_DBENCH_S ?? 10)
const JOBS = 4

/** Written at random, then read again and compared, by each of several jobs in a file of its own. */
const VERIFIED = [
  '--verify=crc32c',
  '--verify_fatal=1',
  '--verify_dump=0',
  '--do_verify=1',
  `--numjobs=${JOBS}`,
  '--thread=0',
  '--group_reporting=1',
  '--output-format=json',
]

const WORKLOADS: readonly { name: string; flags: readonly string[]; bytes: number }[] = [
  {
    name: 'random writes, psync',
    flags: ['--ioengine=psync', '--rw=randwrite', '--bs=4k', '--size=8m'],
    bytes: 8 << 20,
  },
  {
    name: 'random writes through a mapping',
    flags: ['--ioengine=mmap', '--rw=randwrite', '--bs=4k', '--size=8m'],
    bytes: 8 << 20,
  },
  {
    name: 'writes of any size, fsync now and then',
    flags: [
      '--ioengine=psync',
      '--rw=randwrite',
      '--bsrange=512-200k',
      '--bs_unaligned=1',
      '--size=16m',
      '--fsync=64',
    ],
    bytes: 16 << 20,
  },
  {
    name: 'O_DIRECT, several requests at a time',
    flags: [
      '--ioengine=libaio',
      '--iodepth=8',
      '--direct=1',
      '--rw=randwrite',
      '--bs=16k',
      '--size=16m',
    ],
    bytes: 16 << 20,
  },
]

describe(`load on ${name}`, { skip: missing ?? false }, () => {
  let target: Target
  before(async () => {
    target = await openTarget(name)
  })
  after(() => target?.close())

  for (const [index, { name: workload, flags, bytes }] of WORKLOADS.entries())
    test(`fio: ${workload}`, async () => {
      const dir = join(target.dir, `fio${index}`)
      mkdirSync(dir)
      const words = ['--name=job', `--directory=${dir}`, ...VERIFIED, ...flags]
      const said = await run('fio', words, { cwd: target.workDir })
      const { jobs } = JSON.parse(said.slice(said.indexOf('{')))
      assert.equal(jobs.length, 1)
      const { error, read, write } = jobs[0]
      assert.equal(error, 0)
      // Where sizes are random, the last bytes of a file may be too few for one more.
      assert.ok(write.io_bytes >= 0.95 * JOBS * bytes, said)
      assert.equal(read.io_bytes, write.io_bytes, 'all that was written was read again')
      assert.equal(readdirSync(dir).length, JOBS)
    })

  test(`dbench for ${DBENCH_S} s`, async (t) => {
    const dir = join(target.dir, 'dbench')
    mkdirSync(dir)
    const said = await run('dbench', ['-D', dir, '-t', String(DBENCH_S), '4'])
    const [throughput] = /Throughput [\d.]+ MB\/sec.*/.exec(said) ?? []
    assert.ok(throughput, said)
    t.diagnostic(throughput)
    // It goes on behind an error of a call, and tells it; the semaphore is no file of ours.
    assert.doesNotMatch(said.replace('failed to create barrier semaphore', ''), /failed|error/i)
  })
})
