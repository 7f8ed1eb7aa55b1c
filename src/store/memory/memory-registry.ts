// Owners, environments and leases of the memory engine.

import {
  type CasOutcome,
  type EnvironmentEntry,
  isSameEnvironment,
  isSameOwner,
  type Lease,
  type OwnerEntry,
} from '../store.js'

export class MemoryRegistry {
  readonly #owners = new Map<string, OwnerEntry>()
  readonly #environments = new Map<string, Map<string, EnvironmentEntry>>()
  readonly #leases = new Map<string, Lease & { untilMs: number }>()

  owner(owner: string): OwnerEntry | undefined {
    return this.#owners.get(owner)
  }

  swapOwner(
    owner: string,
    expect: OwnerEntry | undefined,
    next: OwnerEntry,
  ): CasOutcome<OwnerEntry> {
    const present = this.#owners.get(owner)
    if (!isSameOwner(present, expect)) return { kind: 'refused', present }
    this.#owners.set(owner, { ...next })
    return { kind: 'applied' }
  }

  environment(owner: string, environment: string): EnvironmentEntry | undefined {
    return this.#environments.get(owner)?.get(environment)
  }

  environments(owner: string): (EnvironmentEntry & { environment: string })[] {
    const entries = [...(this.#environments.get(owner) ?? [])]
    return entries.map(([environment, entry]) => ({ ...entry, environment }))
  }

  swapEnvironment(
    owner: string,
    environment: string,
    expect: EnvironmentEntry | undefined,
    next: EnvironmentEntry | undefined,
  ): CasOutcome<EnvironmentEntry> {
    const entries = this.#environments.get(owner) ?? new Map<string, EnvironmentEntry>()
    const present = entries.get(environment)
    if (!isSameEnvironment(present, expect)) return { kind: 'refused', present }
    if (next) entries.set(environment, { ...next })
    else entries.delete(environment)
    this.#environments.set(owner, entries)
    return { kind: 'applied' }
  }

  acquire(lease: Lease, untilMs: number, nowMs: number): { held: boolean; holder: string } {
    const present = this.#leases.get(lease.key)
    if (present && present.untilMs > nowMs && present.holder !== lease.holder)
      return { held: false, holder: present.holder }
    this.#leases.set(lease.key, { ...lease, untilMs })
    return { held: true, holder: lease.holder }
  }

  release(key: string, holder: string): void {
    if (this.#leases.get(key)?.holder === holder) this.#leases.delete(key)
  }

  /** The live ones; the others are forgotten. */
  leases(prefix: string, nowMs: number): Lease[] {
    for (const [key, { untilMs }] of this.#leases) if (untilMs <= nowMs) this.#leases.delete(key)
    const live = [...this.#leases.values()].filter(({ key }) => key.startsWith(prefix))
    return live.map(({ key, holder, value }) => ({ key, holder, value }))
  }
}
