// What LMDB says, told from what this project and Node throw.

/** LMDB's errors carry a number as their code. */
export function isFromLmdb(error: unknown): boolean {
  return typeof (error as { code?: unknown } | undefined)?.code === 'number'
}

/** lmdb-js rejects with a general error whose `commitError` is a promise that rejects with the cause. */
export async function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<unknown> }
  if (!commitError) return error
  const nothing = new Promise<unknown>((resolve) => setTimeout(resolve, 100, error))
  return Promise.race([commitError, nothing]).catch((cause: unknown) => cause)
}
