// Connects, and says what to check where that fails.

import { lookup } from 'node:dns/promises'
import { Client, type DseClientOptions } from 'cassandra-driver'
import { StoreUnavailable, StoreUnusable } from '../store.js'
import {
  type CassandraOptions,
  checkKeyspace,
  type Endpoint,
  endpoints,
  initCommand,
} from './cassandra-options.js'
import { describeFailure, isMissingSchema, isRefusedLogin } from './failure.js'
import { clientOptions, executionProfiles } from './profiles.js'
import { Neighbourhood } from './replica-policy.js'
import { Session } from './session.js'
import { createTracker } from './trace.js'

/** A connection that uses the keyspace of `options`, or none. Throws StoreUnavailable, StoreUnusable. */
export async function connect(
  options: CassandraOptions,
  use: 'keyspace' | 'none',
): Promise<Session> {
  checkKeyspace(options.keyspace)
  const contacts = endpoints(options)
  const addresses = (await Promise.all(contacts.map(addressesOf))).flat()
  const neighbourhood = new Neighbourhood(options.localDataCenter, addresses)
  const client = new Client({
    ...clientOptions(options),
    ...loginAndTls(options),
    contactPoints: contacts.map(({ host, port }) => joinAddress(host, port)),
    protocolOptions: { port: contacts[0]?.port ?? 0 },
    profiles: executionProfiles(options, neighbourhood),
    ...(use === 'keyspace' ? { keyspace: options.keyspace } : {}),
    ...(options.trace ? { requestTracker: createTracker(options.trace) } : {}),
    applicationName: 'cassfs',
    monitorReporting: { enabled: false },
  } as DseClientOptions)
  client.on('log', (level: string, className: string, message: string) => {
    if (level === 'warning' || level === 'error') options.log?.(level, `${className}: ${message}`)
  })
  try {
    await client.connect()
  } catch (error) {
    await abandon(client)
    throw explained(error, options, contacts)
  }
  return new Session(client, neighbourhood)
}

function loginAndTls(options: CassandraOptions): Partial<DseClientOptions> {
  const result: Partial<DseClientOptions> = {}
  if (options.username !== undefined)
    result.credentials = { username: options.username, password: options.password ?? '' }
  if (options.tls) {
    const { ca, cert, key, serverName } = options.tls
    result.sslOptions = {
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { servername: serverName, host: serverName }),
    }
  }
  return result
}

/** What the cluster would call this contact point: `address:port`. Empty where the name is unknown. */
async function addressesOf({ host, port }: Endpoint): Promise<string[]> {
  try {
    const found = await lookup(host, { all: true })
    return found.map(({ address }) => `${address}:${port}`)
  } catch {
    return [] // the driver resolves it again, and reports it if no other contact point answers
  }
}

function joinAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function explained(error: unknown, options: CassandraOptions, contacts: Endpoint[]): Error {
  if (error instanceof StoreUnusable) return error
  const where = contacts.map(({ host, port }) => joinAddress(host, port)).join(', ')
  const why = describeFailure(error)
  if (isMissingSchema(error))
    return new StoreUnusable(
      `there is no keyspace "${options.keyspace}" in Cassandra at ${where}: ` +
        `make it with ${initCommand(options)}`,
      { cause: error },
    )
  if (isRefusedLogin(error))
    return new StoreUnusable(
      `Cassandra at ${where} refuses ` +
        (options.username === undefined
          ? 'to be used without a login: give username and password'
          : `the login of "${options.username}": check username and password`) +
        ` (${why})`,
      { cause: error },
    )
  return new StoreUnavailable(
    `Cassandra does not answer at ${where} (${why}): check that the address and the port are those ` +
      'of a running node (rpc_address and native_transport_port in cassandra.yaml), that no firewall ' +
      'is between, and that TLS is used on both sides or on none',
    { cause: error },
  )
}

/** What the driver has, and does not declare. */
interface Undeclared {
  readonly controlConnection?: { shutdown(): void }
  readonly hosts?: { values(): { shutdown(waitForPending: boolean): Promise<void> }[] }
}

/**
 * Closes a client that could not connect. The driver's own shutdown does nothing then, and the timers
 * of the hosts it had met would keep the process alive. What fails here matters to nobody.
 */
async function abandon(client: Client): Promise<void> {
  await client.shutdown().catch(() => undefined)
  const { controlConnection, hosts } = client as unknown as Undeclared
  controlConnection?.shutdown()
  await Promise.allSettled((hosts?.values() ?? []).map((host) => host.shutdown(false)))
}
