// From the names of an owner and an environment to the volume they mean. Made by itself only where
// that is asked for; else an unknown name is an error that tells the near ones.

import { setTimeout as sleep } from 'node:timers/promises'
import { Errno, FsError } from '../posix/errno.js'
import type { EnvironmentEntry, Store } from '../store/store.js'
import { VolumeState } from '../volume/head.js'
import {
  createEnvironment,
  type NewEnvironment,
  type VolumeIdentity,
} from './create-environment.js'
import { checkName } from './environment-name.js'

const loadingWaitMs = 20_000
const loadingPollMs = 100

/** No such owner or environment; `known` are the names that exist. */
export class UnknownEnvironment extends FsError {
  readonly owner: string
  readonly environment: string
  readonly known: readonly string[]

  constructor(owner: string, environment: string, known: readonly string[]) {
    super(Errno.ENOENT, `owner "${owner}" has no environment "${environment}"`)
    this.owner = owner
    this.environment = environment
    this.known = known
  }
}

/** The volume behind a name; with `create`, an absent one is made. */
export async function openEnvironment(
  store: Store,
  owner: string,
  environment: string,
  create: NewEnvironment | undefined,
): Promise<VolumeIdentity> {
  checkName('owner', owner)
  checkName('environment', environment)
  const deadline = performance.now() + loadingWaitMs
  for (;;) {
    const entry = await store.readEnvironment(owner, environment)
    if (entry?.state === VolumeState.live || entry?.state === VolumeState.frozen)
      return identity(store, owner, entry)
    if (entry?.state === VolumeState.deleting)
      throw new FsError(Errno.ESTALE, `environment "${environment}" is being deleted`)
    if (!entry && !create)
      throw new UnknownEnvironment(owner, environment, await knownNames(store, owner))
    if (create) {
      const made = await tryCreate(store, owner, environment, create)
      if (made) return made
    }
    if (performance.now() > deadline)
      throw new FsError(
        Errno.EBUSY,
        `environment "${environment}" has been loading for ${loadingWaitMs / 1000} s; ` +
          'whoever makes it may have died: create it again',
      )
    await sleep(loadingPollMs)
  }
}

async function identity(
  store: Store,
  owner: string,
  entry: EnvironmentEntry,
): Promise<VolumeIdentity> {
  const present = await store.readOwner(owner)
  if (!present) throw new FsError(Errno.EIO, `owner "${owner}" has environments but no entry`)
  return { volume: entry.volume, ownerId: present.id }
}

/** Undefined where somebody else is making it: wait for theirs. */
async function tryCreate(
  store: Store,
  owner: string,
  environment: string,
  options: NewEnvironment,
): Promise<VolumeIdentity | undefined> {
  try {
    return await createEnvironment(store, owner, environment, options)
  } catch (error) {
    if (error instanceof FsError && error.errno === Errno.EEXIST) return undefined
    throw error
  }
}

async function knownNames(store: Store, owner: string): Promise<string[]> {
  return (await store.listEnvironments(owner)).map((entry) => entry.environment)
}
