// Owners and environments: compare-and-set over all data centres (SERIAL), read at SERIAL too, so that a
// read decides what an unknown outcome came to.

import { types } from 'cassandra-driver'
import type { CasOutcome, EnvironmentEntry, OwnerEntry } from '../store.js'
import { Profile } from './profiles.js'
import type { Conditional, Session } from './session.js'
import { type Row, requiredNumber, uuidOf, uuidValue } from './values.js'

const ownerSelect = 'SELECT id, ino_next FROM owners WHERE owner = ?'
const ownerInsert = 'INSERT INTO owners (owner, id, ino_next) VALUES (?, ?, ?) IF NOT EXISTS'
const ownerUpdate =
  'UPDATE owners SET id = ?, ino_next = ? WHERE owner = ? IF id = ? AND ino_next = ?'

const columns = 'vol, st, home_dc, created'
const environmentSelect = `SELECT ${columns} FROM volumes WHERE owner = ? AND env = ?`
const environmentList = `SELECT env, ${columns} FROM volumes WHERE owner = ?`
const environmentInsert = `INSERT INTO volumes (owner, env, ${columns}) VALUES (?, ?, ?, ?, ?, ?) IF NOT EXISTS`
const unchanged = 'IF vol = ? AND st = ? AND home_dc = ? AND created = ?'
const environmentUpdate =
  'UPDATE volumes SET vol = ?, st = ?, home_dc = ?, created = ? ' +
  `WHERE owner = ? AND env = ? ${unchanged}`
const environmentDelete = `DELETE FROM volumes WHERE owner = ? AND env = ? ${unchanged}`

const serially = {
  executionProfile: Profile.registry,
  consistency: types.consistencies.serial,
} as const

export async function readOwner(session: Session, owner: string): Promise<OwnerEntry | undefined> {
  const [row] = await session.ask(`owner "${owner}"`, ownerSelect, [owner], serially)
  return row && ownerOf(row)
}

export async function compareAndSetOwner(
  session: Session,
  owner: string,
  expect: OwnerEntry | undefined,
  next: OwnerEntry,
): Promise<CasOutcome<OwnerEntry>> {
  const values = [uuidValue(next.id), next.nextIno]
  const outcome = expect
    ? await session.conditional(
        ownerUpdate,
        [...values, owner, uuidValue(expect.id), expect.nextIno],
        Profile.registry,
      )
    : await session.conditional(ownerInsert, [owner, ...values], Profile.registry)
  return casOutcome(outcome, ownerOf)
}

export async function readEnvironment(
  session: Session,
  owner: string,
  environment: string,
): Promise<EnvironmentEntry | undefined> {
  const what = `environment "${environment}" of owner "${owner}"`
  const [row] = await session.ask(what, environmentSelect, [owner, environment], serially)
  return row && environmentOf(row)
}

export async function listEnvironments(
  session: Session,
  owner: string,
): Promise<(EnvironmentEntry & { environment: string })[]> {
  const what = `the environments of owner "${owner}"`
  const rows = await session.ask(what, environmentList, [owner], serially)
  return rows.flatMap((row) => {
    const entry = environmentOf(row)
    return entry ? [{ environment: String(row.env), ...entry }] : []
  })
}

export async function compareAndSetEnvironment(
  session: Session,
  owner: string,
  environment: string,
  expect: EnvironmentEntry | undefined,
  next: EnvironmentEntry | undefined,
): Promise<CasOutcome<EnvironmentEntry>> {
  const key = [owner, environment]
  if (expect && next) {
    const params = [...environmentValues(next), ...key, ...environmentValues(expect)]
    return casOutcome(
      await session.conditional(environmentUpdate, params, Profile.registry),
      environmentOf,
    )
  }
  if (expect) {
    const params = [...key, ...environmentValues(expect)]
    return casOutcome(
      await session.conditional(environmentDelete, params, Profile.registry),
      environmentOf,
    )
  }
  if (next) {
    const params = [...key, ...environmentValues(next)]
    return casOutcome(
      await session.conditional(environmentInsert, params, Profile.registry),
      environmentOf,
    )
  }
  const present = await readEnvironment(session, owner, environment)
  return present ? { kind: 'refused', present } : { kind: 'applied' }
}

function casOutcome<T>(outcome: Conditional, entryOf: (row: Row) => T | undefined): CasOutcome<T> {
  if (outcome.kind !== 'refused') return outcome
  return { kind: 'refused', present: entryOf(outcome.row) }
}

function ownerOf(row: Row): OwnerEntry | undefined {
  const id = uuidOf(row.id)
  return id === undefined
    ? undefined
    : { id, nextIno: requiredNumber(row.ino_next, "an owner's next inode number") }
}

function environmentOf(row: Row): EnvironmentEntry | undefined {
  const volume = uuidOf(row.vol)
  if (volume === undefined) return undefined
  return {
    volume,
    state: row.st as number,
    homeDataCenter: String(row.home_dc ?? ''),
    createdMs: (row.created as Date).getTime(),
  }
}

function environmentValues(entry: EnvironmentEntry): unknown[] {
  const { volume, state, homeDataCenter, createdMs } = entry
  return [uuidValue(volume), state, homeDataCenter, new Date(createdMs)]
}
