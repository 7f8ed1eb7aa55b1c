// Blocks: immutable, named by their hash, one partition each. Plain writes with the server's
// timestamps; storing one again renews its age.

import { types } from 'cassandra-driver'
import type { Hash } from '../../volume/inode.js'
import type { Uuid } from '../../volume/record.js'
import type { BlockEncoding, StoredBlock } from '../store.js'
import { unavailable } from './failure.js'
import { InFlight } from './in-flight.js'
import { clockMs } from './server-clock.js'
import type { Session } from './session.js'
import { blobOf, blobValue, hashValue, type Row, requiredNumber, uuidValue } from './values.js'

const insert = 'INSERT INTO blocks (o, h, len, enc, d) VALUES (?, ?, ?, ?, ?)'
const select = 'SELECT len, enc, d FROM blocks WHERE o = ? AND h = ?'
const selectLength = 'SELECT len FROM blocks WHERE o = ? AND h = ?'
const remove = 'DELETE FROM blocks USING TIMESTAMP ? WHERE o = ? AND h = ?'
const list = 'SELECT h, WRITETIME(len) AS w FROM blocks WHERE o = ?'
// Filtered where they lie: an owner's blocks are spread over the ring, as they are to be.
const listFirst = `${list} LIMIT ? ALLOW FILTERING`
const listOn = `${list} AND token(o, h) > token(?, ?) LIMIT ? ALLOW FILTERING`

const { consistencies } = types
/** 16 of the largest blocks, 64 of the small ones. */
const inFlightLimits = { count: 64, bytes: 16 * 256 * 1024 }
/** What a block is taken for whose length is not known yet. */
const readBytes = 64 * 1024
/** A listing reads over the bytes of all blocks, and is never in a hurry. */
const listTimeoutMs = 60_000
const listPageRows = 1000

/**
 * Where a block is looked for. A miss at the first levels proves nothing: a write is there when a
 * quorum of its writer's data centre has it.
 */
const readLevels = [consistencies.localOne, consistencies.localQuorum, consistencies.quorum]

export class Blocks {
  readonly #session: Session
  readonly #writeLevel: types.consistencies
  readonly #inFlight = new InFlight(inFlightLimits)

  constructor(session: Session, writeLevel: types.consistencies) {
    this.#session = session
    this.#writeLevel = writeLevel
  }

  async put(owner: Uuid, blocks: readonly StoredBlock[]): Promise<void> {
    const o = uuidValue(owner)
    await this.#inFlight.map(
      blocks,
      (block) => block.data.length,
      ({ hash, length, encoding, data }) =>
        this.#session.write(
          `block ${hash}`,
          insert,
          [o, hashValue(hash), length, encoding, blobValue(data)],
          { consistency: this.#writeLevel },
        ),
    )
  }

  get(owner: Uuid, hashes: readonly Hash[]): Promise<(StoredBlock | undefined)[]> {
    const o = uuidValue(owner)
    return this.#inFlight.map(
      hashes,
      () => readBytes,
      (hash) => this.#read(o, hash),
    )
  }

  lengths(owner: Uuid, hashes: readonly Hash[]): Promise<(number | undefined)[]> {
    const o = uuidValue(owner)
    const read = (row: Row) => (typeof row.len === 'number' ? row.len : undefined)
    return this.#inFlight.map(
      hashes,
      () => 0,
      (hash) => this.#ask(selectLength, o, hash, read),
    )
  }

  async list(
    owner: Uuid,
    after: Hash | undefined,
    limit: number,
  ): Promise<{ hash: Hash; uploadedMs: number }[]> {
    const o = uuidValue(owner)
    const params = after === undefined ? [o, limit] : [o, o, hashValue(after), limit]
    const rows = await this.#session.ask(
      `the blocks of owner ${owner}`,
      after === undefined ? listFirst : listOn,
      params,
      { readTimeout: listTimeoutMs, fetchSize: Math.min(limit, listPageRows) },
    )
    return rows.map((row) => ({
      hash: (row.h as Buffer).toString('hex'),
      uploadedMs: Math.floor(requiredNumber(row.w, "a block's time") / 1000),
    }))
  }

  async delete(owner: Uuid, hashes: readonly Hash[], uploadedBeforeMs: number): Promise<void> {
    const o = uuidValue(owner)
    // Never ahead of the clock: such a deletion would also hide what is stored after it.
    const beforeMs = Math.min(uploadedBeforeMs, await clockMs(this.#session))
    // A deletion takes what is as old as it is, or older: the last microsecond before.
    const timestamp = beforeMs * 1000 - 1
    await this.#inFlight.map(
      hashes,
      () => 0,
      (hash) =>
        this.#session.write(`block ${hash}`, remove, [timestamp, o, hashValue(hash)], {
          consistency: this.#writeLevel,
        }),
    )
  }

  /** Undefined only where the last level *answered* that there is none. */
  async #read(o: types.Uuid, hash: Hash): Promise<StoredBlock | undefined> {
    return this.#ask(select, o, hash, (row) => {
      const data = blobOf(row.d)
      return data && { hash, length: row.len as number, encoding: row.enc as BlockEncoding, data }
    })
  }

  async #ask<T>(
    query: string,
    o: types.Uuid,
    hash: Hash,
    read: (row: Row) => T | undefined,
  ): Promise<T | undefined> {
    let failure: unknown
    for (const consistency of readLevels) {
      try {
        const row = (await this.#session.page(query, [o, hashValue(hash)], { consistency })).first()
        failure = undefined
        const found = row ? read(row) : undefined
        if (found !== undefined) return found
      } catch (error) {
        failure = error
      }
    }
    if (failure !== undefined) throw unavailable(`block ${hash}`, failure)
    return undefined
  }
}
