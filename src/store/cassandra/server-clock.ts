// The clock of the coordinators, from which the timestamps of plain writes come too.

import { unavailable } from './failure.js'
import type { Session } from './session.js'

const select = 'SELECT toTimestamp(now()) AS t FROM system.local'

/** Milliseconds since 1970. */
export async function clockMs(session: Session): Promise<number> {
  const [row] = await session.ask('its clock', select, [])
  if (!row) throw unavailable('its clock', new Error('an empty answer'))
  return (row.t as Date).getTime()
}
