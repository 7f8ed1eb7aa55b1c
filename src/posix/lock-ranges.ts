// Byte-range locks of one file (fcntl(2), "Advisory record locking"): what conflicts, and how a new
// range splits, replaces or joins the ranges its owner has. Pure; who waits is src/vfs/locks.ts.

export interface RangeLock {
  readonly owner: string
  readonly start: number
  /** Inclusive; Infinity to the end of the file. */
  readonly end: number
  /** F_RDLCK 0, F_WRLCK 1. */
  readonly type: number
  readonly pid: number
}

export const F_RDLCK = 0
export const F_WRLCK = 1
export const F_UNLCK = 2

/** The first lock of another owner that is in the way of `wanted`. */
export function conflictingLock<L extends RangeLock>(
  held: readonly L[],
  wanted: RangeLock,
): L | undefined {
  return held.find(
    (lock) =>
      lock.owner !== wanted.owner &&
      lock.start <= wanted.end &&
      wanted.start <= lock.end &&
      (lock.type === F_WRLCK || wanted.type === F_WRLCK),
  )
}

/** The locks after `change` (F_UNLCK removes) of an owner whom nobody is in the way of. */
export function withRange<L extends RangeLock>(held: readonly L[], change: L): L[] {
  const rest: L[] = []
  let joined = change
  for (const lock of held) {
    if (lock.owner !== change.owner || !touches(lock, joined)) rest.push(lock)
    else if (lock.type === change.type) joined = join(joined, lock)
    else rest.push(...remainders(lock, change))
  }
  if (change.type !== F_UNLCK) rest.push(joined)
  return rest
}

/** Overlaps, or lies side by side: then two ranges of one type become one. */
function touches(a: RangeLock, b: RangeLock): boolean {
  return a.start <= b.end + 1 && b.start <= a.end + 1
}

function join<L extends RangeLock>(a: L, b: L): L {
  return { ...a, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) }
}

/** What `change` leaves of a lock of another type. */
function remainders<L extends RangeLock>(lock: L, change: RangeLock): L[] {
  if (lock.start > change.end || change.start > lock.end) return [lock]
  const left: L[] = []
  if (lock.start < change.start) left.push({ ...lock, end: change.start - 1 })
  if (lock.end > change.end) left.push({ ...lock, start: change.end + 1 })
  return left
}
