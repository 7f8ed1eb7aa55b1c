// Which node is asked. `natural`: the partition's first live replica in ring order, the same on every
// mount, because Paxos rounds that are started on different nodes fight (a quarter of the commits, and
// time-outs). `spread`: any replica in turn, for reads and blocks. Both end with the other nodes of the
// data centre, and never leave it: a driver policy of its own, since the stock ones all shuffle.

import { type Client, type Host, type HostMap, policies, types } from 'cassandra-driver'
import { StoreUnusable } from '../store.js'

/** How long a node that left an outcome unknown comes last. */
const suspectMs = 30_000

type PlanOptions = Parameters<policies.loadBalancing.LoadBalancingPolicy['newQueryPlan']>[1]
type PlanCallback = Parameters<policies.loadBalancing.LoadBalancingPolicy['newQueryPlan']>[2]

/** What both policies of a client know together. */
export class Neighbourhood {
  readonly #wanted: string | undefined
  readonly #contacts: readonly string[]
  readonly #suspects = new Map<string, number>()
  #dataCenter: string | undefined

  /** `contacts` are `address:port`, resolved: the first that the cluster knows says where we are. */
  constructor(dataCenter: string | undefined, contacts: readonly string[]) {
    this.#wanted = dataCenter
    this.#contacts = contacts
  }

  /** The local data centre; empty before the first connection. */
  get dataCenter(): string {
    return this.#dataCenter ?? ''
  }

  /** Throws StoreUnusable where the local data centre does not exist or cannot be told. */
  settle(hosts: HostMap): void {
    const all = hosts.values()
    const names = [...new Set(all.map((host) => host.datacenter))].sort()
    const contact = this.#contacts
      .map((address) => all.find((host) => host.address === address))
      .find((host) => host !== undefined)
    const found = this.#wanted ?? contact?.datacenter ?? (names.length === 1 ? names[0] : undefined)
    const known = names.join(', ')
    if (found === undefined)
      throw new StoreUnusable(
        `the cluster has the data centres ${known}: say which is near (option local_dc)`,
      )
    if (!names.includes(found))
      throw new StoreUnusable(`there is no data centre "${found}" (option local_dc), but: ${known}`)
    this.#dataCenter = found
  }

  isLocal(host: Host): boolean {
    return host.datacenter === this.#dataCenter
  }

  /** From now on this node comes last, for a while. */
  suspect(address: string): void {
    this.#suspects.delete(address)
    this.#suspects.set(address, Date.now() + suspectMs)
  }

  /** `hosts` with the suspects at the end, the longest suspected first. Does not change `hosts`. */
  suspectsLast(hosts: Host[]): Host[] {
    if (this.#suspects.size === 0) return hosts
    const now = Date.now()
    for (const [address, until] of this.#suspects) if (until <= now) this.#suspects.delete(address)
    const order = [...this.#suspects.keys()]
    const rank = (host: Host) => order.indexOf(host.address)
    return [...hosts].sort((a, b) => rank(a) - rank(b))
  }
}

export class ReplicaPolicy extends policies.loadBalancing.LoadBalancingPolicy {
  readonly #order: 'natural' | 'spread'
  readonly #neighbourhood: Neighbourhood
  #client: Client | undefined
  #hosts: HostMap | undefined
  #turn = 0

  constructor(order: 'natural' | 'spread', neighbourhood: Neighbourhood) {
    super()
    this.#order = order
    this.#neighbourhood = neighbourhood
  }

  override init(client: Client, hosts: HostMap, callback: (error: Error) => void): void {
    this.#client = client
    this.#hosts = hosts
    let failure: Error | undefined
    try {
      this.#neighbourhood.settle(hosts)
    } catch (error) {
      failure = error as Error
    }
    // The driver's type does not say that success is "no error".
    callback(failure as Error)
  }

  override getDistance(host: Host): types.distance {
    return this.#neighbourhood.isLocal(host) ? types.distance.local : types.distance.ignored
  }

  override newQueryPlan(keyspace: string, options: PlanOptions | null, done: PlanCallback): void {
    // The driver's type does not say that success is "no error".
    done(null as unknown as Error, this.#plan(keyspace, options?.getRoutingKey()))
  }

  override getOptions(): Map<string, object> {
    return new Map()
  }

  *#plan(keyspace: string, routingKey: Buffer | Buffer[] | undefined): Generator<Host, undefined> {
    const replicas = routingKey ? this.#replicas(keyspace, routingKey as Buffer) : []
    yield* replicas
    for (const host of this.#others()) if (!replicas.includes(host)) yield host
    return undefined
  }

  #replicas(keyspace: string, routingKey: Buffer): Host[] {
    // Null before the keyspace's metadata are there.
    const all = this.#client?.getReplicas(keyspace, routingKey) as Host[] | null | undefined
    const local = (all ?? []).filter((host) => this.#neighbourhood.isLocal(host))
    return this.#neighbourhood.suspectsLast(this.#order === 'spread' ? this.#rotated(local) : local)
  }

  /** Every local node, in an order that is the same on every mount. */
  #others(): Host[] {
    const local = (this.#hosts?.values() ?? []).filter((host) => this.#neighbourhood.isLocal(host))
    local.sort((a, b) => (a.address < b.address ? -1 : 1))
    return this.#neighbourhood.suspectsLast(this.#order === 'spread' ? this.#rotated(local) : local)
  }

  #rotated(hosts: Host[]): Host[] {
    if (hosts.length < 2) return hosts
    this.#turn = (this.#turn + 1) % 0x3fff_ffff
    const first = this.#turn % hosts.length
    return [...hosts.slice(first), ...hosts.slice(0, first)]
  }
}
