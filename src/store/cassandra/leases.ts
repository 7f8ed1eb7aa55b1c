// Leases: rows that vanish by their TTL. A lease's key is `<kind>/<group>/<member>` or
// `<kind>/<member>`; the leases of one group lie in one partition, so that listing them is one read.
// Sessions of a volume are ordered within its data centre, all other leases over all of them.

import type { Uuid } from '../../volume/record.js'
import type { Lease } from '../store.js'
import { unavailable } from './failure.js'
import { Profile } from './profiles.js'
import type { Session } from './session.js'
import { type Row, uuidOf, uuidValue } from './values.js'

interface Place {
  readonly table: 'sessions' | 'locks'
  /** The key up to its second slash, or its first where it has only one. */
  readonly scope: string
  readonly name: string
  readonly profile: Profile
}

const sessionKind = 'session/'

/** Takes the lease, or renews it for its holder. */
export async function acquireLease(
  session: Session,
  { key, holder, value }: Lease,
  ttlMs: number,
): Promise<{ held: boolean; holder: Uuid }> {
  const { table, scope, name, profile } = placeOf(key)
  const id = uuidValue(holder)
  const outcome = await session.conditional(
    `UPDATE ${table} USING TTL ? SET holder = ?, value = ? ` +
      'WHERE scope = ? AND name = ? IF holder IN (null, ?)',
    [ttlSec(ttlMs), id, value, scope, name, id],
    profile,
  )
  if (outcome.kind === 'unknown') throw unavailable(`lease ${key}`, outcome.cause)
  if (outcome.kind === 'applied') return { held: true, holder }
  const present = uuidOf(outcome.row.holder)
  if (present === undefined)
    throw unavailable(`lease ${key}`, new Error('refused without a holder'))
  return { held: false, holder: present }
}

/**
 * A TTL counts whole seconds from the last full one: one more, so that no lease ends before its holder
 * expects it. It may last up to two seconds longer.
 */
function ttlSec(ttlMs: number): number {
  return Math.ceil(ttlMs / 1000) + 1
}

/** Of another holder's lease nothing changes. */
export async function releaseLease(session: Session, key: string, holder: Uuid): Promise<void> {
  const { table, scope, name, profile } = placeOf(key)
  const outcome = await session.conditional(
    `DELETE FROM ${table} WHERE scope = ? AND name = ? IF holder = ?`,
    [scope, name, uuidValue(holder)],
    profile,
  )
  if (outcome.kind === 'unknown') throw unavailable(`lease ${key}`, outcome.cause)
}

/** One read where `prefix` names a group, else one of each table. */
export async function listLeases(session: Session, prefix: string): Promise<Lease[]> {
  const { scope } = placeOf(prefix)
  const columns = 'scope, name, holder, value'
  const what = `the leases ${prefix}`
  const rows = /^[^/]*\/[^/]*\//.test(prefix)
    ? await session.ask(what, `SELECT ${columns} FROM ${placeOf(prefix).table} WHERE scope = ?`, [
        scope,
      ])
    : [
        ...(await session.ask(what, `SELECT ${columns} FROM sessions`, [])),
        ...(await session.ask(what, `SELECT ${columns} FROM locks`, [])),
      ]
  return rows.flatMap(leaseOf).filter((lease) => lease.key.startsWith(prefix))
}

function leaseOf(row: Row): Lease[] {
  const holder = uuidOf(row.holder)
  if (holder === undefined) return []
  return [{ key: `${row.scope}${row.name}`, holder, value: String(row.value ?? '') }]
}

function placeOf(key: string): Place {
  const first = key.indexOf('/') + 1
  const second = key.indexOf('/', first) + 1
  const end = second || first
  const isSession = key.startsWith(sessionKind)
  return {
    table: isSession ? 'sessions' : 'locks',
    scope: key.slice(0, end),
    name: key.slice(end),
    profile: isSession ? Profile.lwt : Profile.registry,
  }
}
