// The page that a scraper reads, in Prometheus' text format, from a mount's status.

import { Counter, Gauge, Registry } from 'prom-client'
import { commonLabels, type MetricFacts, processMetrics, statusMetrics } from './metric-names.js'
import { processReadings, type Reading, type Sample, statusReadings } from './metric-readings.js'
import type { ProcessFigures } from './process-figures.js'
import type { MountStatus } from './status.js'

export interface MetricsPage {
  readonly contentType: string
  readonly text: string
}

/** Each page is made of nothing but its arguments, so that two at once do not disturb each other. */
export async function metricsPage(
  status: MountStatus,
  figures: ProcessFigures,
): Promise<MetricsPage> {
  const registry = new Registry()
  const { mountpoint, owner, environment } = status
  const common = { mountpoint, owner, environment }
  const add = (name: string, facts: MetricFacts, reading: Reading) =>
    addMetric(registry, name, facts, samplesOf(reading), common)
  for (const [name, facts] of entriesOf(statusMetrics))
    add(name, facts, statusReadings[name](status))
  for (const [name, facts] of entriesOf(processMetrics))
    add(name, facts, processReadings[name](figures))
  return { contentType: registry.contentType, text: await registry.metrics() }
}

/** Where prom-client has labels there is no sample until one is set. */
function addMetric(
  registry: Registry,
  name: string,
  facts: MetricFacts,
  samples: readonly Sample[],
  common: Readonly<Record<string, string>>,
): void {
  const labelNames = [...commonLabels, ...facts.labels]
  const options = { name, help: facts.help, labelNames, registers: [registry] }
  const counter = facts.type === 'counter' ? new Counter(options) : undefined
  const gauge = counter ? undefined : new Gauge(options)
  for (const { labels, value } of samples) {
    if (!Number.isFinite(value)) continue
    counter?.inc({ ...common, ...labels }, Math.max(0, value))
    gauge?.set({ ...common, ...labels }, value)
  }
}

function samplesOf(reading: Reading): readonly Sample[] {
  if (reading === undefined) return []
  return typeof reading === 'object' ? reading : [{ labels: {}, value: Number(reading) }]
}

function entriesOf<Name extends string>(
  metrics: Readonly<Record<Name, MetricFacts>>,
): [Name, MetricFacts][] {
  return Object.entries(metrics) as [Name, MetricFacts][]
}
