import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DEFAULT_WISHES, flagsOf, type Negotiated, negotiate, wordsOf } from './handshake.js'
import { LoopbackDevice } from './loopback-device.js'
import { InitBit } from './wire/flags.js'

// struct fuse_in_header of an INIT: length, opcode 26, unique 2, nodeid 0, uid, gid, pid 0.
const HEAD_56 = '380000001a0000000200000000000000000000000000000000000000000000000000000000000000'
const HEAD_104 = '680000001a0000000200000000000000000000000000000000000000000000000000000000000000'
const UNUSED_11 = '00'.repeat(44)

/** Linux 5.4: struct fuse_init_in of 7.31 has 16 bytes; flags to NO_OPENDIR_SUPPORT (bit 24). */
const INIT_7_31 = `${HEAD_56}07000000 1f000000 00000200 fbffff01`
/** Linux 5.17: 7.36 has 64 bytes with flags2; all to INIT_EXT, SECURITY_CTX and HAS_INODE_DAX. */
const INIT_7_36 = `${HEAD_104}07000000 24000000 00000200 fbffff7f 03000000 ${UNUSED_11}`
/** Linux 6.9: 7.40, flags2 to HAS_RESEND (bit 39). */
const INIT_7_40 = `${HEAD_104}07000000 28000000 00000200 fbffff7f ff000000 ${UNUSED_11}`

function exchange(hex: string) {
  let negotiated: Negotiated | undefined
  const warnings: string[] = []
  const loopback = new LoopbackDevice({
    handler: {
      init(agreed) {
        negotiated = agreed
      },
    },
    log: {
      warn: (message) => warnings.push(message),
      error: (message, error) => warnings.push(`${message}: ${error}`),
    },
  })
  const reply = loopback.exchange(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
  assert.ok(reply)
  return { reply, negotiated, warnings, loopback }
}

describe('handshake', () => {
  it('with 7.31 uses what Linux 5.4 has', () => {
    const { reply, negotiated } = exchange(INIT_7_31)
    assert.equal(negotiated?.minor, 31)
    assert.equal(reply.length, 16 + 64)
    assert.equal(reply.readInt32LE(4), 0)
    assert.deepEqual([reply.readUInt32LE(16), reply.readUInt32LE(20)], [7, 31])
    assert.ok(negotiated?.flags.has('DO_READDIRPLUS'))
    assert.ok(negotiated?.flags.has('MAX_PAGES'))
    assert.equal(negotiated?.maxWrite, 1024 * 1024)
    for (const flag of ['SETXATTR_EXT', 'HANDLE_KILLPRIV_V2', 'INIT_EXT', 'HAS_RESEND'] as const) {
      assert.equal(negotiated?.flags.has(flag), false, flag)
    }
    assert.equal(reply.readUInt32LE(16 + 32), 0, 'flags2')
  })

  it('with 7.36 reads and writes flags2', () => {
    const { reply, negotiated } = exchange(INIT_7_36)
    assert.equal(negotiated?.minor, 36)
    assert.ok(negotiated?.flags.has('INIT_EXT'))
    assert.ok(negotiated?.flags.has('SETXATTR_EXT'))
    assert.equal(negotiated?.flags.has('HAS_EXPIRE_ONLY'), false)
    assert.equal(reply.readUInt32LE(16 + 32), 0, 'nothing of what 7.36 offers there is wanted')
  })

  it('with 7.40 asks for what is wanted of flags2', () => {
    const { reply, negotiated } = exchange(INIT_7_40)
    assert.equal(negotiated?.minor, 40)
    const wanted = [34, 35, 36, 39].reduce((sum, bit) => sum | (1 << (bit - 32)), 0)
    assert.equal(reply.readUInt32LE(16 + 32), wanted)
    assert.ok(negotiated?.flags.has('HAS_RESEND'))
  })

  it('gives a stack depth only with PASSTHROUGH', () => {
    const offer = { major: 7, minor: 40, maxReadahead: 0, flags: 0x7fffffff, flags2: 0xff }
    const flags = new Set([...DEFAULT_WISHES.flags, 'PASSTHROUGH' as const])
    assert.equal(negotiate(offer, DEFAULT_WISHES).maxStackDepth, 0)
    assert.equal(negotiate(offer, { ...DEFAULT_WISHES, flags }).maxStackDepth, 1)
    assert.equal(negotiate({ ...offer, flags2: 0 }, { ...DEFAULT_WISHES, flags }).maxStackDepth, 0)
  })

  it('without MAX_PAGES writes 32 pages at a time', () => {
    const offer = { major: 7, minor: 40, maxReadahead: 0, flags: 0, flags2: 0 }
    assert.equal(negotiate(offer, DEFAULT_WISHES).maxWrite, 32 * 4096)
  })

  it('refuses a kernel before 7.31, and says so', async () => {
    const { reply, negotiated, loopback } = exchange(INIT_7_31.replace('1f000000', '1e000000'))
    assert.equal(reply.readInt32LE(4), -71)
    assert.equal(negotiated, undefined)
    assert.match(String(await loopback.connection.agreed), /7\.30; 7\.31 \(Linux 5\.4\)/)
  })

  it('tells a kernel of a newer major version its own, and waits for another INIT', () => {
    const { reply, negotiated, loopback } = exchange(INIT_7_40.replace('07000000', '08000000'))
    assert.equal(reply.readInt32LE(4), 0)
    assert.equal(reply.readUInt32LE(16), 7)
    assert.equal(negotiated, undefined)
    loopback.feed(Buffer.from(INIT_7_40.replaceAll(' ', ''), 'hex'))
    assert.equal(loopback.connection.negotiated?.minor, 40)
  })

  it('knows each flag by its bit', () => {
    assert.deepEqual(flagsOf(1 << 20, 1 << 5), new Set(['POSIX_ACL', 'PASSTHROUGH']))
    assert.deepEqual(wordsOf(new Set(['POSIX_ACL', 'PASSTHROUGH'])), [1 << 20, 1 << 5])
    const bits = Object.values(InitBit)
    assert.equal(new Set(bits).size, bits.length)
  })

  it('fails the INIT when the handler does', async () => {
    const loopback = new LoopbackDevice({
      handler: {
        init() {
          throw Object.assign(new Error('not today'), { errno: 13 })
        },
      },
      log: { warn() {}, error() {} },
    })
    const reply = loopback.exchange(Buffer.from(INIT_7_40.replaceAll(' ', ''), 'hex'))
    assert.equal(reply?.readInt32LE(4), -13)
    assert.match(String(await loopback.connection.agreed), /not today/)
  })
})
