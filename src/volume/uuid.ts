// Ids of requests, volumes, owners and process starts.

import { randomUUID } from 'node:crypto'
import type { Uuid } from './record.js'

/** The id that no request has: what the first entry of a volume continues from. */
export const nilUuid: Uuid = '00000000-0000-0000-0000-000000000000'

/** A new unique id, UUID version 4. */
export function newUuid(): Uuid {
  return randomUUID()
}
