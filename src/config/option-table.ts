// GENERATED from schema.ts; do not edit. The test of the configuration says how to renew it.

import type { OptionRow } from './option-row.js'

// biome-ignore format: one row a line
export const optionTable: readonly OptionRow[] = [
  { key: 'owner', kind: 'text', group: 'volume', doc: 'The owner whose environment is used. Any name, not only a number.', allowed: '1 to 63 letters, digits, ".", "_" and "-", beginning with a letter or digit', defaultDoc: '1' },
  { key: 'environment', kind: 'text', group: 'volume', doc: 'The environment of that owner.', allowed: '1 to 63 letters, digits, ".", "_" and "-", beginning with a letter or digit', defaultDoc: 'prod' },
  { key: 'create', kind: 'boolean', group: 'volume', doc: 'Make the environment when it does not exist yet.', allowed: 'true or false', defaultDoc: 'false' },
  { key: 'server', kind: 'text', group: 'store', doc: 'Cassandra contact points. Without it, files are kept in the embedded store.', allowed: 'host names or addresses, each with or without :port, separated by commas', defaultDoc: 'none: the embedded store under the state folder' },
  { key: 'port', kind: 'number', group: 'store', doc: 'The port of contact points that are given without one.', allowed: 'a whole number from 1 to 65535', defaultDoc: '9042' },
  { key: 'local_dc', kind: 'text', group: 'store', doc: 'The Cassandra data centre that is near.', allowed: 'the name of a data centre, such as datacenter1', defaultDoc: 'the data centre of the contact point that answers first' },
  { key: 'keyspace', kind: 'text', group: 'store', doc: 'The Cassandra keyspace.', allowed: 'a letter, then letters, digits and _, at most 48 characters', defaultDoc: 'cassfs' },
  { key: 'consistency', kind: 'choice', group: 'store', doc: 'How many replicas acknowledge on Cassandra; the namespace is never below LOCAL_QUORUM.', allowed: 'one of LOCAL_QUORUM, QUORUM, EACH_QUORUM, LOCAL_ONE, ONE, TWO, THREE, ALL', defaultDoc: 'LOCAL_QUORUM', choices: ['LOCAL_QUORUM', 'QUORUM', 'EACH_QUORUM', 'LOCAL_ONE', 'ONE', 'TWO', 'THREE', 'ALL'] },
  { key: 'username', kind: 'text', group: 'store', doc: 'The Cassandra user.', allowed: 'a user name', defaultDoc: 'none: no authentication' },
  { key: 'password', kind: 'text', group: 'store', doc: 'The password of that user. Better kept in a file, see password_file: a flag is seen by others.', allowed: 'a password of at least one character', defaultDoc: 'none', secret: true },
  { key: 'password_file', kind: 'path', group: 'store', doc: 'A file that holds the password; a line end after it is not part of it.', allowed: 'the path of a readable file', defaultDoc: 'none' },
  { key: 'statedir', kind: 'path', group: 'store', doc: 'The folder of all local state: embedded store, cache, logs. Its mode is 0700.', allowed: 'the path of a folder', defaultDoc: '/var/lib/cassfs as root, else $XDG_STATE_HOME/cassfs (~/.local/state/cassfs)' },
  { key: 'ro', kind: 'boolean', group: 'mount', doc: 'Mount read-only.', allowed: 'true or false', defaultDoc: 'false' },
  { key: 'entry_ttl', kind: 'number', group: 'mount', doc: "How stale a name or attribute of another mount's change may be.", allowed: 'seconds from 0 to 3600, such as 1 or 0.25', defaultDoc: '1', unit: 'seconds' },
  { key: 'negative_ttl', kind: 'number', group: 'mount', doc: 'The same for names that do not exist.', allowed: 'seconds from 0 to 3600, such as 1 or 0.25', defaultDoc: '1', unit: 'seconds' },
  { key: 'write_lease', kind: 'boolean', group: 'mount', doc: 'Answer changes as soon as they stand in a local journal, while this is the only mount that writes. New: not for environments that other mounts show with entry_ttl=0.', allowed: 'true or false', defaultDoc: 'false' },
  { key: 'allow_other', kind: 'boolean', group: 'mount', doc: 'Let other users reach the mount. A user other than root needs user_allow_other in /etc/fuse.conf.', allowed: 'true or false', defaultDoc: 'true as root, else false' },
  { key: 'uid', kind: 'number', group: 'mount', doc: 'Show every file as owned by this user id.', allowed: 'a user id from 0 to 4294967294', defaultDoc: 'none: owners as stored' },
  { key: 'gid', kind: 'number', group: 'mount', doc: 'Show every file as owned by this group id.', allowed: 'a group id from 0 to 4294967294', defaultDoc: 'none: groups as stored' },
  { key: 'umask', kind: 'number', group: 'mount', doc: 'Permission bits that are taken from the mode of every file shown.', allowed: 'octal permission bits from 0 to 777, such as 022', defaultDoc: "none: the creating program's own", unit: 'octal permission bits' },
  { key: 'locks', kind: 'choice', group: 'mount', doc: 'Where flock and fcntl locks hold: within this mount.', allowed: 'local (locks over several mounts are not supported)', defaultDoc: 'local', choices: ['local'] },
  { key: 'cache_size', kind: 'number', group: 'mount', doc: 'How much of the content of files is kept ready by a mount.', allowed: 'a number of bytes from 1MiB, such as 512MiB or 2GiB', defaultDoc: '256MiB', unit: 'bytes' },
  { key: 'rescue_size', kind: 'number', group: 'mount', doc: 'How much of what could not be stored is kept for "cassfs rescue", per environment; 0 is nothing.', allowed: 'a number of bytes, such as 512MiB or 2GiB', defaultDoc: '1GiB', unit: 'bytes' },
  { key: 'spin', kind: 'number', group: 'mount', doc: 'How long to look for the next request before sleeping, while a core is idle; 0 is never.', allowed: 'microseconds from 0 to 1000', defaultDoc: '50', unit: 'microseconds' },
  { key: 'background', kind: 'boolean', group: 'mount', doc: 'Return when the mount answers, and serve it in the background.', allowed: 'true or false', defaultDoc: 'false' },
  { key: 'debug', kind: 'boolean', group: 'log', doc: 'Protocol trace, debug log, and stack traces of errors.', allowed: 'true or false', defaultDoc: 'false' },
  { key: 'log_level', kind: 'choice', group: 'log', doc: 'The least severe kind of message that is logged.', allowed: 'one of debug, info, warn, error', defaultDoc: 'info', choices: ['debug', 'info', 'warn', 'error'] },
  { key: 'log_file', kind: 'path', group: 'log', doc: 'The file to log to. It is rotated at 10 MiB, five are kept.', allowed: 'the path of a file', defaultDoc: 'standard error; in the background a file under <statedir>/log' },
  { key: 'log_format', kind: 'choice', group: 'log', doc: 'One line for people, or one JSON object, for each message.', allowed: 'one of pretty, json', defaultDoc: 'pretty', choices: ['pretty', 'json'] },
  { key: 'fcache_ttl', kind: 'text', group: 'ignored', doc: 'Content is kept by its hash, so it never grows stale.', allowed: 'anything', defaultDoc: 'none' },
  { key: 'mount', kind: 'text', group: 'ignored', doc: 'Was the folder of the Docker volume plugin.', allowed: 'anything', defaultDoc: 'none' },
  { key: 'voldir', kind: 'text', group: 'ignored', doc: 'Was the folder of the Docker volume plugin.', allowed: 'anything', defaultDoc: 'none' },
]
