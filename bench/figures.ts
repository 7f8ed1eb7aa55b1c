/** Figures of several systems: medians, ratios, and the table that shows them. */

/** Milliseconds of every round, by step, by system. */
export type Figures = Map<string, Map<string, number[]>>

export function record(figures: Figures, system: string, step: string, ms: number): void {
  const steps = figures.get(system) ?? new Map<string, number[]>()
  figures.set(system, steps)
  steps.set(step, [...(steps.get(step) ?? []), ms])
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

function medianOf(figures: Figures, system: string, step: string): number {
  return median(figures.get(system)?.get(step) ?? [])
}

const format = (ms: number) => (ms < 10 ? ms.toFixed(1) : Math.round(ms).toString())

/** A row a step: the median of each system in ms, and how many times that of the first system. */
export function renderTable(figures: Figures): string {
  const systems = [...figures.keys()]
  const steps = [...(figures.get(systems[0] ?? '')?.keys() ?? [])]
  const rows = steps.map((step) => {
    const base = medianOf(figures, systems[0] ?? '', step)
    const cells = systems.map((system, index) => {
      const ms = medianOf(figures, system, step)
      return index === 0 ? format(ms) : `${format(ms)} (x${(ms / base).toFixed(1)})`
    })
    return [step, ...cells]
  })
  const table = [['median ms', ...systems], ...rows]
  const widths = table[0]?.map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: string[]) =>
    row
      .map((cell, column) =>
        (column ? cell.padStart : cell.padEnd).call(cell, widths?.[column] ?? 0),
      )
      .join('  ')
  return table.map(line).join('\n')
}

/** The same as plain objects: medians, and every round. */
export function toJson(figures: Figures): Record<string, Record<string, object>> {
  return Object.fromEntries(
    [...figures].map(([system, steps]) => [
      system,
      Object.fromEntries(
        [...steps].map(([step, ms]) => [step, { medianMs: median(ms), roundsMs: ms }]),
      ),
    ]),
  )
}
