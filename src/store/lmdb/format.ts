// Which format the data of a directory have: one row, written when it is first opened.

import type { ByteDatabase } from '../../tables/lmdb-tables.js'
import { StoreUnusable } from '../store.js'

/** The only format there is so far; raised when an older CassFS could do harm. */
export const storeFormat = 1

const key = Buffer.from('format')

/** Within a write transaction: writes the row of a new store, or checks the one of an old one. */
export function checkFormat(meta: ByteDatabase, isEmpty: boolean, directory: string): void {
  const bytes = meta.getBinary(key)
  if (bytes) checkRow(bytes.toString('utf8'), directory)
  else if (!isEmpty)
    throw new StoreUnusable(`${directory}: an LMDB environment, but not one of CassFS`)
  else meta.put(key, Buffer.from(JSON.stringify({ format: storeFormat, createdMs: Date.now() })))
}

function checkRow(text: string, directory: string): void {
  const format = formatOf(text)
  if (format === undefined)
    throw new StoreUnusable(`${directory}: the row that tells its format is damaged: ${text}`)
  if (format > storeFormat)
    throw new StoreUnusable(
      `${directory}: written by a newer CassFS (format ${format}; this one knows ${storeFormat}): ` +
        'update it',
    )
}

function formatOf(text: string): number | undefined {
  try {
    const { format } = JSON.parse(text) as { format?: unknown }
    return typeof format === 'number' && format >= 1 ? format : undefined
  } catch {
    return undefined
  }
}
