// A connected client with the few ways in which this engine asks: rows, a page of rows, a conditional
// statement or batch. It turns whatever the driver throws into StoreUnavailable or `unknown`.

import type { Client, QueryOptions, types } from 'cassandra-driver'
import { asError, coordinatorOf, unavailable } from './failure.js'
import type { Profile } from './profiles.js'
import type { Neighbourhood } from './replica-policy.js'
import type { Row } from './values.js'

export interface Statement {
  readonly query: string
  readonly params: unknown[]
}

/** What a conditional statement or batch came to. */
export type Conditional =
  | { readonly kind: 'applied' }
  /** `row` holds the conditioned columns as they are, and nothing of them where there is no row. */
  | { readonly kind: 'refused'; readonly row: Row }
  | { readonly kind: 'unknown'; readonly cause: Error }

/** How long to wait for the connections to close. */
const shutdownMs = 5000

export class Session {
  readonly client: Client
  readonly neighbourhood: Neighbourhood

  constructor(client: Client, neighbourhood: Neighbourhood) {
    this.client = client
    this.neighbourhood = neighbourhood
  }

  get dataCenter(): string {
    return this.neighbourhood.dataCenter
  }

  /** One page. Throws what the driver throws; `ask` in the name of `what` is the usual way. */
  page(query: string, params: unknown[], options?: QueryOptions): Promise<types.ResultSet> {
    return this.client.execute(query, params, { prepare: true, isIdempotent: true, ...options })
  }

  /** All rows of a read that may be repeated. Throws StoreUnavailable naming `what` was asked for. */
  async ask(
    what: string,
    query: string,
    params: unknown[],
    options?: QueryOptions,
  ): Promise<Row[]> {
    try {
      let result = await this.page(query, params, options)
      const rows = result.rows
      while (result.pageState) {
        result = await this.page(query, params, { ...options, pageState: result.pageState })
        for (const row of result.rows) rows.push(row)
      }
      return rows
    } catch (cause) {
      throw unavailable(what, cause)
    }
  }

  /** A plain write that may be repeated. Throws StoreUnavailable. */
  async write(what: string, query: string, params: unknown[], options?: QueryOptions) {
    try {
      await this.page(query, params, options)
    } catch (cause) {
      throw unavailable(what, cause)
    }
  }

  /** A conditional statement; never sent twice by the driver. */
  conditional(query: string, params: unknown[], profile: Profile): Promise<Conditional> {
    return this.#decide(this.client.execute(query, params, conditionalOptions(profile)))
  }

  /** A conditional batch in one partition; never sent twice by the driver. */
  conditionalBatch(statements: Statement[], profile: Profile): Promise<Conditional> {
    return this.#decide(this.client.batch(statements, conditionalOptions(profile)))
  }

  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, shutdownMs)
    })
    try {
      await Promise.race([this.client.shutdown(), late])
    } finally {
      clearTimeout(timer)
    }
  }

  async #decide(answer: Promise<types.ResultSet>): Promise<Conditional> {
    try {
      const row = (await answer).first()
      if (row?.['[applied]'] === true) return { kind: 'applied' }
      if (row?.['[applied]'] === false) return { kind: 'refused', row }
      return { kind: 'unknown', cause: new Error('a conditional write was answered without a row') }
    } catch (error) {
      const node = coordinatorOf(error)
      if (node !== undefined) this.neighbourhood.suspect(node)
      return { kind: 'unknown', cause: asError(error) }
    }
  }
}

function conditionalOptions(executionProfile: Profile): QueryOptions {
  return { prepare: true, executionProfile, isIdempotent: false, logged: true }
}
