// Opens a volume for one process: announces itself, loads the volume, follows it. What each part does
// is told in its own file and in README.md.

import { Errno, FsError } from '../posix/errno.js'
import { systemClock } from '../volume/clock.js'
import type { Head } from '../volume/head.js'
import { newUuid } from '../volume/uuid.js'
import { Committed, type Source } from './committed.js'
import { momentOf } from './contact.js'
import { type LoadContext, loadCopy, readHead } from './load.js'
import { type Protocol, protocol as soundProtocol } from './protocol.js'
import type { Replica } from './replica.js'
import { defaultLimits, type ReplicaOptions, silentLogger } from './replica-options.js'
import { Session } from './session.js'
import { type Settings, VolumeReplica } from './volume-replica.js'

/** Opens a replica. Throws FsError ENOENT where there is no such volume, EIO where that is unknown. */
export function openReplica<Intent>(options: ReplicaOptions<Intent>): Promise<Replica<Intent>> {
  return openReplicaWith(options, soundProtocol)
}

/** As `openReplica`, with another protocol: only for the simulation, which shows what then breaks. */
export async function openReplicaWith<Intent>(
  options: ReplicaOptions<Intent>,
  protocol: Protocol,
): Promise<Replica<Intent>> {
  const stop = new AbortController()
  const settings = complete(options, protocol, stop)
  try {
    return await open(settings)
  } catch (cause) {
    stop.abort()
    if (cause instanceof FsError) throw cause
    throw new FsError(Errno.EIO, 'the volume cannot be opened', { cause })
  }
}

function complete<Intent>(
  options: ReplicaOptions<Intent>,
  protocol: Protocol,
  stop: AbortController,
): Settings<Intent> {
  return {
    clock: systemClock,
    random: Math.random,
    newUuid,
    logger: silentLogger,
    entryTtlMs: 1000,
    pins: () => [],
    isHeld: () => false,
    isBusy: () => false,
    onIdle: () => {},
    ...options,
    ...defaultLimits,
    ...options.limits,
    protocol,
    stop,
    signal: stop.signal,
  }
}

async function open<Intent>(settings: Settings<Intent>): Promise<Replica<Intent>> {
  const started = momentOf(settings.clock)
  const head = await readHead(settings)
  if (!head) throw noVolume(settings)
  // The session comes first: what the load is about to see must not be collected under it.
  let seq = (): number => head.seq
  const session = new Session({ ...settings, seq: () => seq() })
  await session.open()
  try {
    const { source, head } = await load(settings)
    const committed = new Committed(source, head, settings)
    seq = () => committed.head.seq
    return new VolumeReplica(settings, committed, session, started)
  } catch (error) {
    await session.close().catch(() => {})
    throw error
  }
}

async function load(settings: LoadContext): Promise<{ source: Source; head: Head }> {
  const { store, volume } = settings
  const shared = store.tables?.(volume)
  if (shared) {
    const head = shared.head()
    if (!head) throw noVolume(settings)
    return { source: { kind: 'shared', tables: shared }, head }
  }
  const tables = await loadCopy(settings)
  const head = tables?.head()
  if (!tables || !head) throw noVolume(settings)
  return { source: { kind: 'copy', tables }, head }
}

function noVolume({ volume }: { volume: string }): FsError {
  return new FsError(Errno.ENOENT, `there is no volume ${volume}`)
}
