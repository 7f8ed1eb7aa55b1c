// What a mount process is told: plain data, which is handed to a background process as it is. From it the
// plan of the mount is made.

import path from 'node:path'
import type { Config } from '../config/schema.js'
import type { NewEnvironment } from '../environments/create-environment.js'
import { openEnvironment } from '../environments/open-environment.js'
import type { MountPlan } from '../mount/assemble.js'
import type { VolumePlan } from '../mount/open-planned-volume.js'
import type { Logger, LoggerOptions } from '../observe/logger.js'
import { storeConfig } from './store-access.js'

export interface MountOrder {
  readonly config: Config
  /** Absolute. */
  readonly mountpoint: string
  readonly log: LoggerOptions
}

/** The order for a mount on `mountpoint`. */
export function mountOrder(config: Config, mountpoint: string): MountOrder {
  return { config, mountpoint, log: logOptions(config, mountpoint) }
}

/** What is made without being asked for: on a fresh machine a mount without options works. */
function isMadeByItself(config: Config): boolean {
  return !config.server && config.owner === '1' && config.environment === 'prod' && !config.ro
}

/** Whose the root directory of an environment is that is made on the way; undefined: none is made. */
function newRoot(config: Config): NewEnvironment | undefined {
  if (!config.create && !isMadeByItself(config)) return undefined
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
}

/** The volume of the configuration; `making`: an absent one that a mount would make is made here too. */
export function volumePlan(config: Config, making = true): VolumePlan {
  const { owner, environment } = config
  return {
    owner,
    environment,
    identify: (store) =>
      openEnvironment(store, owner, environment, making ? newRoot(config) : undefined),
    readOnly: config.ro,
    store: storeConfig(config),
    stateDir: config.statedir,
    entryTtlMs: config.entry_ttl * 1000,
    writeLease: config.write_lease,
    durableClose: config.durability === 'close',
    cacheBytesMax: config.cache_size,
    rescueBytesMax: config.rescue_size,
  }
}

/** The plan for a folder that is prepared. */
export function mountPlan(config: Config, mountpoint: string, logger: Logger): MountPlan {
  return {
    ...volumePlan(config),
    mountpoint,
    negativeTtlMs: config.negative_ttl * 1000,
    allowOther: config.allow_other,
    present: { uid: config.uid, gid: config.gid, umask: config.umask },
    spinMicroseconds: config.spin,
    ...(config.debug && { trace: (line: string) => logger.debug(line) }),
  }
}

/** Where and how a mount logs. In the background never to standard error. */
function logOptions(config: Config, mountpoint: string): LoggerOptions {
  const file =
    config.log_file ?? (config.background ? defaultLogFile(config.statedir, mountpoint) : undefined)
  return {
    level: config.debug ? 'debug' : config.log_level,
    format: config.log_format,
    color: file === undefined && process.stderr.isTTY && !process.env.NO_COLOR,
    ...(file !== undefined && { file }),
  }
}

/** `/srv/my-site` logs to `srv-my\x2dsite.log`: one file a mountpoint, named as systemd escapes paths. */
function defaultLogFile(stateDir: string, mountpoint: string): string {
  const name = mountpoint
    .replace(/^\//, '')
    .replace(/[^\w/.]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`)
    .replaceAll('/', '-')
  return path.join(stateDir, 'log', `${name || 'root'}.log`)
}
