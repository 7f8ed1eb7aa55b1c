// A command as the user has to type it to reach the same store: for advice that can be followed
// literally. A secret is not in it.

import type { Config } from '../config/schema.js'

/** `cassfs init -server=10.0.0.1 -keyspace=shop`: with what differs from the defaults. */
export function commandFor(config: Config, words: readonly string[]): string {
  const { server } = config
  const flags: readonly (string | false)[] = server
    ? [
        `-server=${server.join(',')}`,
        config.port !== 9042 && `-port=${config.port}`,
        config.keyspace !== 'cassfs' && `-keyspace=${config.keyspace}`,
        config.local_dc !== undefined && `-local_dc=${config.local_dc}`,
        config.username !== undefined && `-username=${config.username}`,
        config.password_file !== undefined && `-password_file=${config.password_file}`,
      ]
    : [`-statedir=${config.statedir}`]
  const owner = config.owner !== '1' && words[0] !== 'init' && `-owner=${config.owner}`
  const shown = [...words, owner, ...flags].filter((word) => word !== false)
  return ['cassfs', ...shown.map(quoteWord)].join(' ')
}

function quoteWord(word: string): string {
  return /^[\w./:=,@%+[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
