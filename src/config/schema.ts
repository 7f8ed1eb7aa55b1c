// Every option of CassFS, declared once. The key is the name in a file; the flag is `-<key>` (or
// `--<key>`, with `_` or `-`), the environment name is `CASSFS_<KEY>`. option-table.ts and
// docs/CONFIGURATION.md are generated from here; a test compares them.

import { z } from 'zod'
import { consistencies } from './consistencies.js'
import { defaultStateDir } from './default-state-dir.js'
import { option } from './option-facts.js'
import {
  addressValue,
  booleanValue,
  bytesValue,
  choiceValue,
  hostsValue,
  integerValue,
  keyspaceValue,
  nameValue,
  numberValue,
  octalBitsValue,
  secretValue,
  textValue,
} from './value-types.js'

const trueOrFalse = 'true or false'
const names = '1 to 63 letters, digits, ".", "_" and "-", beginning with a letter or digit'
const durabilities = ['journal', 'close'] as const
const levels = ['debug', 'info', 'warn', 'error'] as const
const formats = ['pretty', 'json'] as const
const idMax = 2 ** 32 - 2

const volume = {
  owner: option(nameValue(), {
    kind: 'text',
    group: 'volume',
    default: '1',
    doc: 'The owner whose environment is used. Any name, not only a number.',
    allowed: names,
  }),
  environment: option(nameValue(), {
    kind: 'text',
    group: 'volume',
    default: 'prod',
    doc: 'The environment of that owner.',
    allowed: names,
  }),
  create: option(booleanValue(), {
    kind: 'boolean',
    group: 'volume',
    default: 'false',
    doc: 'Make the environment when it does not exist yet.',
    allowed: trueOrFalse,
  }),
}

const store = {
  server: option(hostsValue().optional(), {
    kind: 'text',
    group: 'store',
    defaultDoc: 'none: the embedded store under the state folder',
    doc: 'Cassandra contact points. Without it, files are kept in the embedded store.',
    allowed: 'host names or addresses, each with or without :port, separated by commas',
  }),
  port: option(integerValue(1, 65535), {
    kind: 'number',
    group: 'store',
    default: '9042',
    doc: 'The port of contact points that are given without one.',
    allowed: 'a whole number from 1 to 65535',
  }),
  local_dc: option(textValue().optional(), {
    kind: 'text',
    group: 'store',
    defaultDoc: 'the data centre of the contact point that answers first',
    doc: 'The Cassandra data centre that is near.',
    allowed: 'the name of a data centre, such as datacenter1',
  }),
  keyspace: option(keyspaceValue(), {
    kind: 'text',
    group: 'store',
    default: 'cassfs',
    doc: 'The Cassandra keyspace.',
    allowed: 'a letter, then letters, digits and _, at most 48 characters',
  }),
  consistency: option(choiceValue(consistencies), {
    kind: 'choice',
    group: 'store',
    default: 'LOCAL_QUORUM',
    choices: consistencies,
    doc: 'How many replicas acknowledge on Cassandra; the namespace is never below LOCAL_QUORUM.',
    allowed: `one of ${consistencies.join(', ')}`,
  }),
  username: option(textValue().optional(), {
    kind: 'text',
    group: 'store',
    defaultDoc: 'none: no authentication',
    doc: 'The Cassandra user.',
    allowed: 'a user name',
  }),
  password: option(secretValue().optional(), {
    kind: 'text',
    group: 'store',
    defaultDoc: 'none',
    secret: true,
    doc: 'The password of that user. Better kept in a file, see password_file: a flag is seen by others.',
    allowed: 'a password of at least one character',
  }),
  password_file: option(textValue().optional(), {
    kind: 'path',
    group: 'store',
    defaultDoc: 'none',
    doc: 'A file that holds the password; a line end after it is not part of it.',
    allowed: 'the path of a readable file',
  }),
  statedir: option(textValue(), {
    kind: 'path',
    group: 'store',
    default: defaultStateDir,
    defaultDoc: '/var/lib/cassfs as root, else $XDG_STATE_HOME/cassfs (~/.local/state/cassfs)',
    doc: 'The folder of all local state: embedded store, cache, logs. Its mode is 0700.',
    allowed: 'the path of a folder',
  }),
}

const mount = {
  ro: option(booleanValue(), {
    kind: 'boolean',
    group: 'mount',
    default: 'false',
    doc: 'Mount read-only.',
    allowed: trueOrFalse,
  }),
  entry_ttl: option(numberValue(0, 3600), {
    kind: 'number',
    group: 'mount',
    default: '1',
    unit: 'seconds',
    doc: "How stale a name or attribute of another mount's change may be.",
    allowed: 'seconds from 0 to 3600, such as 1 or 0.25',
  }),
  negative_ttl: option(numberValue(0, 3600), {
    kind: 'number',
    group: 'mount',
    default: '1',
    unit: 'seconds',
    doc: 'The same for names that do not exist.',
    allowed: 'seconds from 0 to 3600, such as 1 or 0.25',
  }),
  write_lease: option(booleanValue(), {
    kind: 'boolean',
    group: 'mount',
    default: 'true',
    doc: 'Answer changes as soon as they stand in a local journal, while this is the only mount that writes. Without it every change waits for the store.',
    allowed: trueOrFalse,
  }),
  durability: option(choiceValue(durabilities), {
    kind: 'choice',
    group: 'mount',
    default: 'journal',
    choices: durabilities,
    doc: 'What the close of a file waits for while the write lease is held: the local journal, or (close) the store. fsync always waits for the store.',
    allowed: `one of ${durabilities.join(', ')}`,
  }),
  allow_other: option(booleanValue(), {
    kind: 'boolean',
    group: 'mount',
    default: (host) => String(host.uid === 0),
    defaultDoc: 'true as root, else false',
    doc: 'Let other users reach the mount. A user other than root needs user_allow_other in /etc/fuse.conf.',
    allowed: trueOrFalse,
  }),
  uid: option(integerValue(0, idMax).optional(), {
    kind: 'number',
    group: 'mount',
    defaultDoc: 'none: owners as stored',
    doc: 'Show every file as owned by this user id.',
    allowed: `a user id from 0 to ${idMax}`,
  }),
  gid: option(integerValue(0, idMax).optional(), {
    kind: 'number',
    group: 'mount',
    defaultDoc: 'none: groups as stored',
    doc: 'Show every file as owned by this group id.',
    allowed: `a group id from 0 to ${idMax}`,
  }),
  umask: option(octalBitsValue().optional(), {
    kind: 'number',
    group: 'mount',
    defaultDoc: "none: the creating program's own",
    unit: 'octal permission bits',
    doc: 'Permission bits that are taken from the mode of every file shown.',
    allowed: 'octal permission bits from 0 to 777, such as 022',
  }),
  locks: option(choiceValue(['local']), {
    kind: 'choice',
    group: 'mount',
    default: 'local',
    choices: ['local'],
    doc: 'Where flock and fcntl locks hold: within this mount.',
    allowed: 'local (locks over several mounts are not supported)',
  }),
  cache_size: option(bytesValue(1024 ** 2, 2 ** 50), {
    kind: 'number',
    group: 'mount',
    default: '256MiB',
    unit: 'bytes',
    doc: 'How much of the content of files is kept ready by a mount.',
    allowed: 'a number of bytes from 1MiB, such as 512MiB or 2GiB',
  }),
  rescue_size: option(bytesValue(0, 2 ** 50), {
    kind: 'number',
    group: 'mount',
    default: '1GiB',
    unit: 'bytes',
    doc: 'How much of what could not be stored is kept for "cassfs rescue", per environment; 0 is nothing.',
    allowed: 'a number of bytes, such as 512MiB or 2GiB',
  }),
  spin: option(integerValue(0, 1000), {
    kind: 'number',
    group: 'mount',
    default: '50',
    unit: 'microseconds',
    doc: 'How long to look for the next request before sleeping, while a core is idle; 0 is never.',
    allowed: 'microseconds from 0 to 1000',
  }),
  metrics: option(addressValue(), {
    kind: 'text',
    group: 'mount',
    default: 'off',
    doc: 'Serve /metrics (for Prometheus) and /healthz over HTTP at this address; see docs/METRICS.md.',
    allowed: 'host:port, or :port or a port of this machine alone (0: any that is free), or off',
  }),
  background: option(booleanValue(), {
    kind: 'boolean',
    group: 'mount',
    default: 'false',
    doc: 'Return when the mount answers, and serve it in the background.',
    allowed: trueOrFalse,
  }),
}

const log = {
  debug: option(booleanValue(), {
    kind: 'boolean',
    group: 'log',
    default: 'false',
    doc: 'Protocol trace, debug log, and stack traces of errors.',
    allowed: trueOrFalse,
  }),
  log_level: option(choiceValue(levels), {
    kind: 'choice',
    group: 'log',
    default: 'info',
    choices: levels,
    doc: 'The least severe kind of message that is logged.',
    allowed: `one of ${levels.join(', ')}`,
  }),
  log_file: option(textValue().optional(), {
    kind: 'path',
    group: 'log',
    defaultDoc: 'standard error; in the background a file under <statedir>/log',
    doc: 'The file to log to. It is rotated at 10 MiB, five are kept.',
    allowed: 'the path of a file',
  }),
  log_format: option(choiceValue(formats), {
    kind: 'choice',
    group: 'log',
    default: 'pretty',
    choices: formats,
    doc: 'One line for people, or one JSON object, for each message.',
    allowed: `one of ${formats.join(', ')}`,
  }),
}

function ignored(doc: string) {
  return option(z.string().optional(), {
    kind: 'text',
    group: 'ignored',
    defaultDoc: 'none',
    doc,
    allowed: 'anything',
  })
}

/** From text to values. A key without a value and without a default is absent in the result. */
export const configSchema = z.object({
  ...volume,
  ...store,
  ...mount,
  ...log,
  fcache_ttl: ignored('Content is kept by its hash, so it never grows stale.'),
  mount: ignored('Was the folder of the Docker volume plugin.'),
  voldir: ignored('Was the folder of the Docker volume plugin.'),
})

/** The values of all options. */
export type Config = z.output<typeof configSchema>
