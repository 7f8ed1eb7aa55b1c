// What the driver throws, told apart and worded. Everything here is "no answer": never "absent".

import { errors } from 'cassandra-driver'
import { StoreUnavailable } from '../store.js'

/** Codes of the native protocol v4, section 9. */
const ErrorCode = { badCredentials: 0x100, readFailure: 0x1300, invalid: 0x2200 } as const

function codeOf(error: unknown): number | undefined {
  return error instanceof errors.ResponseError ? error.code : undefined
}

/** The failures of the single nodes, where there are some. */
function innerErrors(error: unknown): [string, unknown][] {
  if (!(error instanceof errors.NoHostAvailableError) || !error.innerErrors) return []
  return Object.entries(error.innerErrors as Record<string, unknown>)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** One line: what failed, at which node. */
export function describeFailure(error: unknown): string {
  const inner = innerErrors(error).map(([node, reason]) => `${node}: ${messageOf(reason)}`)
  return inner.length > 0 ? inner.join('; ') : messageOf(error)
}

/** The failure of a request for `what` ("the head of volume ..."), for the interface's caller. */
export function unavailable(what: string, cause: unknown): StoreUnavailable {
  return new StoreUnavailable(`Cassandra gave no answer about ${what}: ${describeFailure(cause)}`, {
    cause,
  })
}

/** An Error, whatever was thrown. */
export function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause))
}

/**
 * A replica gave up on the read. Protocol v4 does not say why; on a slice it nearly always is
 * `tombstone_failure_threshold`, which a narrower slice may stay under.
 */
export function isRefusedSlice(error: unknown): boolean {
  return codeOf(error) === ErrorCode.readFailure
}

/** The statement names a table or keyspace that is not there. */
export function isMissingSchema(error: unknown): boolean {
  return (
    codeOf(error) === ErrorCode.invalid && /does not exist|unconfigured/i.test(messageOf(error))
  )
}

/** The login was refused by at least one node. */
export function isRefusedLogin(error: unknown): boolean {
  return [error, ...innerErrors(error).map(([, reason]) => reason)].some(
    (each) =>
      each instanceof errors.AuthenticationError || codeOf(each) === ErrorCode.badCredentials,
  )
}

/** `address:port` of the coordinator that failed, where the driver knows it. */
export function coordinatorOf(error: unknown): string | undefined {
  const { coordinator } = error as { coordinator?: unknown }
  return typeof coordinator === 'string' ? coordinator : undefined
}
