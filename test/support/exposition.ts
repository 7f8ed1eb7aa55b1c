/** Reads Prometheus' text format, strictly: what a scraper would refuse throws here. */

export interface ReadSample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ReadMetric {
  readonly help: string
  readonly type: string
  readonly samples: ReadSample[]
}

const commentLine = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/
const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/
const labelPair = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/y

/** The metrics of a page by name. Throws at the first line that is not of the format. */
export function readExposition(text: string): Map<string, ReadMetric> {
  const metrics = new Map<string, ReadMetric>()
  let help: { name: string; text: string } | undefined
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, kind, name = '', rest = ''] = commentLine.exec(line) ?? []
    if (kind === 'HELP') help = { name, text: rest }
    else if (kind === 'TYPE') {
      if (help?.name !== name || metrics.has(name)) throw new Error(`out of order: ${line}`)
      metrics.set(name, { help: help.text, type: rest, samples: [] })
    } else addSample(metrics, line)
  }
  return metrics
}

function addSample(metrics: Map<string, ReadMetric>, line: string): void {
  const [, name = '', labels = '', value] = sampleLine.exec(line) ?? []
  const metric = metrics.get(name)
  if (!metric || [...metrics.keys()].at(-1) !== name) throw new Error(`no sample: ${line}`)
  const sample = { labels: readLabels(labels), value: Number(value) }
  const key = JSON.stringify(sample.labels)
  if (metric.samples.some((each) => JSON.stringify(each.labels) === key))
    throw new Error(`twice: ${line}`)
  metric.samples.push(sample)
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  labelPair.lastIndex = 0
  while (labelPair.lastIndex < text.length) {
    const [, name = '', value = ''] = labelPair.exec(text) ?? []
    if (!name) throw new Error(`no labels: ${text}`)
    labels[name] = value.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char))
  }
  return labels
}

/** The value of the one sample with these labels (others may be there besides); undefined: none. */
export function valueIn(
  metrics: Map<string, ReadMetric>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels)
  const found = metrics
    .get(name)
    ?.samples.filter((sample) => wanted.every(([key, value]) => sample.labels[key] === value))
  if (found && found.length > 1) throw new Error(`${name}: ${found.length} samples`)
  return found?.[0]?.value
}
