// Where local state is kept unless it is said.

import type { DefaultsHost } from './option-facts.js'

/** /var/lib for root, else the user's XDG state folder; undefined: there is no home. */
export function defaultStateDir(host: DefaultsHost): string | undefined {
  if (host.uid === 0) return '/var/lib/cassfs'
  if (host.env.XDG_STATE_HOME) return `${host.env.XDG_STATE_HOME}/cassfs`
  return host.env.HOME ? `${host.env.HOME}/.local/state/cassfs` : undefined
}
