// What LMDB says, told from what this project and Node throw.

/** LMDB's errors carry a number as their code. */
export function isFromLmdb(error: unknown): boolean {
  return typeof (error as { code?: unknown } | undefined)?.code === 'number'
}
