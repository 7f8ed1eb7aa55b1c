// "Did you mean ...": the names nearest to one that is unknown.

/** At most `count` of the names that look like `word`, nearest first. */
export function nearestNames(word: string, names: Iterable<string>, count = 3): string[] {
  const wanted = word.toLowerCase()
  const limit = Math.max(1, Math.floor(wanted.length / 3))
  return [...names]
    .map((name) => ({ name, distance: distanceTo(wanted, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name)
}

function distanceTo(wanted: string, name: string): number {
  const isPrefix = wanted.length >= 2 && name.startsWith(wanted)
  return isPrefix ? 1 : editDistance(wanted, name)
}

/** Letters inserted, removed, replaced or swapped with their neighbour (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let older: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1]
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const costs = [
        cell(previous, column) + 1,
        cell(current, column - 1) + 1,
        cell(previous, column - 1) + (same ? 0 : 1),
      ]
      if (swapped && row > 1 && column > 1) costs.push(cell(older, column - 2) + 1)
      current.push(Math.min(...costs))
    }
    older = previous
    previous = current
  }
  return cell(previous, b.length)
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
