// Owners, environments and leases in LMDB: JSON rows by name.

import type { ByteDatabase } from '../../tables/lmdb-tables.js'
import type { Uuid } from '../../volume/record.js'
import {
  type CasOutcome,
  type EnvironmentEntry,
  isSameEnvironment,
  isSameOwner,
  type Lease,
  type OwnerEntry,
  StoreUnavailable,
} from '../store.js'
import type { Environment } from './environment.js'
import { isAlive, ownMark, type ProcessMark } from './process-mark.js'

interface LeaseRow {
  readonly holder: Uuid
  readonly untilMs: number
  readonly value: string
  readonly process: ProcessMark
}

export class Registry {
  readonly #environment: Environment
  readonly #nowMs: () => number
  readonly #mark = ownMark()

  constructor(environment: Environment, nowMs: () => number) {
    this.#environment = environment
    this.#nowMs = nowMs
  }

  owner(owner: string): OwnerEntry | undefined {
    this.#environment.refresh()
    return read<OwnerEntry>(this.#environment.owners, keyOf(owner))
  }

  swapOwner(owner: string, expect: OwnerEntry | undefined, next: OwnerEntry) {
    const row: OwnerEntry = { id: next.id, nextIno: next.nextIno }
    return this.#swap(this.#environment.owners, keyOf(owner), expect, row, isSameOwner)
  }

  environment(owner: string, environment: string): EnvironmentEntry | undefined {
    this.#environment.refresh()
    return read<EnvironmentEntry>(this.#environment.environments, keyOf(owner, environment))
  }

  environments(owner: string): (EnvironmentEntry & { environment: string })[] {
    this.#environment.refresh()
    const start = keyOf(owner, '')
    const end = Buffer.concat([keyOf(owner), Buffer.of(1)])
    const found: (EnvironmentEntry & { environment: string })[] = []
    for (const { key, value } of this.#environment.environments.getRange({ start, end })) {
      const entry = JSON.parse(value.toString()) as EnvironmentEntry
      found.push({ ...entry, environment: key.toString('utf8', start.length) })
    }
    return found
  }

  swapEnvironment(
    owner: string,
    environment: string,
    expect: EnvironmentEntry | undefined,
    next: EnvironmentEntry | undefined,
  ) {
    const key = keyOf(owner, environment)
    const row = next && {
      volume: next.volume,
      state: next.state,
      homeDataCenter: next.homeDataCenter,
      createdMs: next.createdMs,
    }
    return this.#swap(this.#environment.environments, key, expect, row, isSameEnvironment)
  }

  /** Also on a full disk: a mount that could not renew its session would lose what it holds open. */
  acquire({ key, holder, value }: Lease, ttlMs: number): Promise<{ held: boolean; holder: Uuid }> {
    const { leases } = this.#environment
    const run = () => {
      const nowMs = this.#nowMs()
      const present = read<LeaseRow>(leases, keyOf(key))
      if (present && present.untilMs > nowMs && present.holder !== holder)
        return { held: false, holder: present.holder }
      const row: LeaseRow = { holder, untilMs: nowMs + ttlMs, value, process: this.#mark }
      leases.put(keyOf(key), Buffer.from(JSON.stringify(row)))
      return { held: true, holder }
    }
    return this.#environment.writeOrFull(run, { urgent: true })
  }

  async release(key: string, holder: Uuid): Promise<void> {
    const { leases } = this.#environment
    await this.#environment.write(
      () => {
        if (read<LeaseRow>(leases, keyOf(key))?.holder === holder) leases.remove(keyOf(key))
      },
      { urgent: true },
    )
  }

  /** The ones that have not run out. */
  leases(prefix: string): Lease[] {
    this.#environment.refresh()
    const nowMs = this.#nowMs()
    const live = this.#leaseRows(prefix).filter(({ row }) => row.untilMs > nowMs)
    return live.map(({ key, row: { holder, value } }) => ({ key, holder, value }))
  }

  /** Those that have not run out, and those whose process lives all the same. */
  heldLeases(prefix: string): Lease[] {
    const nowMs = this.#nowMs()
    const rows = this.#leaseRows(prefix)
    const held = rows.filter(({ row }) => row.untilMs > nowMs || isAlive(row.process))
    return held.map(({ key, row: { holder, value } }) => ({ key, holder, value }))
  }

  /** Within a write transaction: removes rows that have run out and whose process is gone. */
  removeDead(prefix: string): void {
    const held = new Set(this.heldLeases(prefix).map(({ key }) => key))
    for (const { key } of this.#leaseRows(prefix))
      if (!held.has(key)) this.#environment.leases.remove(keyOf(key))
  }

  #leaseRows(prefix: string): { key: string; row: LeaseRow }[] {
    const start = keyOf(prefix)
    const end = Buffer.concat([start, Buffer.of(0xff)])
    const found: { key: string; row: LeaseRow }[] = []
    for (const { key, value } of this.#environment.leases.getRange({ start, end }))
      found.push({ key: key.toString(), row: JSON.parse(value.toString()) as LeaseRow })
    return found
  }

  async #swap<T extends object>(
    rows: ByteDatabase,
    key: Buffer,
    expect: T | undefined,
    next: T | undefined,
    isSame: (a: T | undefined, b: T | undefined) => boolean,
  ): Promise<CasOutcome<T>> {
    try {
      return await this.#environment.writeOrFull<CasOutcome<T>>(() => {
        const present = read<T>(rows, key)
        if (!isSame(present, expect)) return { kind: 'refused', present }
        if (next) rows.put(key, Buffer.from(JSON.stringify(next)))
        else rows.remove(key)
        return { kind: 'applied' }
      })
    } catch (error) {
      if (error instanceof StoreUnavailable) return { kind: 'unknown', cause: error }
      throw error
    }
  }
}

function read<T>(rows: ByteDatabase, key: Buffer): T | undefined {
  const bytes = rows.getBinary(key)
  return bytes && (JSON.parse(bytes.toString()) as T)
}

/** Names in UTF-8, with a NUL between them, which no name holds. */
function keyOf(...names: string[]): Buffer {
  if (names.some((name) => name.includes('\0'))) throw new TypeError('a name with a NUL')
  return Buffer.from(names.join('\0'))
}
