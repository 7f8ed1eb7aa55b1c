// Which bytes of a page were changed: all that is known of a write to a mapping.

/** Equal bytes between two changed ones of a mapping, fewer than this, count as changed: a word. */
const mappedGapMax = 8

/** The stretches in which `data` differs from `old`. */
export function differences(data: Uint8Array, old: Uint8Array): [number, number][] {
  const found: [number, number][] = []
  for (let i = 0; i < data.length; i++) {
    if (data[i] === old[i]) continue
    const last = found.at(-1)
    if (last && i - last[1] < mappedGapMax) last[1] = i + 1
    else found.push([i, i + 1])
  }
  return found
}
