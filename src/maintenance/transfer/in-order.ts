// Work that is begun ahead and handed on in order.

/** The results of `work`, in the order of `items`; at most `ahead` are begun and not yet handed on. */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  ahead: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const begun: Promise<Result>[] = []
  for await (const item of items) {
    const result = work(item)
    // Whoever takes it is told; until then nobody listens.
    result.catch(() => undefined)
    begun.push(result)
    const first = begun.length >= ahead ? begun.shift() : undefined
    if (first) yield await first
  }
  for (const result of begun) yield await result
}
