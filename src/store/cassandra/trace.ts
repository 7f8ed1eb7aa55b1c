// Hands the driver's reports of single requests on, one for each node that was asked.

import { tracker } from 'cassandra-driver'
import type { RequestTrace } from './cassandra-options.js'

// A class that the driver checks for with instanceof, though its types declare an interface only.
const { RequestTracker } = tracker as unknown as {
  RequestTracker: new () => tracker.RequestTracker
}

type Arguments = Parameters<tracker.RequestTracker['onSuccess']>
type ErrorArguments = Parameters<tracker.RequestTracker['onError']>

class Tracer extends RequestTracker {
  readonly #trace: (request: RequestTrace) => void

  constructor(trace: (request: RequestTrace) => void) {
    super()
    this.#trace = trace
  }

  override onSuccess(...[host, query, , , , , latency]: Arguments): void {
    this.#report(host.address, query, latency, undefined)
  }

  override onError(...[host, query, , , , error, latency]: ErrorArguments): void {
    this.#report(host.address, query, latency, error)
  }

  #report(coordinator: string, query: Arguments[1], latency: number[], error: Error | undefined) {
    const statements = Array.isArray(query) ? query.map((each) => each.query) : [query]
    const ms = (latency[0] ?? 0) * 1e3 + (latency[1] ?? 0) / 1e6
    this.#trace({ coordinator, statements, ms, error })
  }
}

export function createTracker(trace: (request: RequestTrace) => void): tracker.RequestTracker {
  return new Tracer(trace)
}
