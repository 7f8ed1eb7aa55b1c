// Writes docs/METRICS.md from the names of the metrics.

import { commonLabels, leftOut, type MetricFacts, metricGroups } from './metric-names.js'

const introduction = `<!-- Generated from src/observe/metric-names.ts; do not edit. -->
# Metrics

\`\`\`
cassfs -metrics=127.0.0.1:9464 ./site
curl http://127.0.0.1:9464/metrics     # for Prometheus, in its text format
curl http://127.0.0.1:9464/healthz     # 200, or 503 and why
\`\`\`
Off unless asked for. \`-metrics=:9464\` and \`-metrics=9464\` are of this machine alone as well; another host has
to be named (\`0.0.0.0:9464\` for all addresses), and whoever reaches it may read: there is no password and no
TLS. Port 0 takes any that is free; the log tells which. A mount whose address is in use is not made. Every
mount is a process and takes an address of its own: with one in a file, give the others \`-metrics=...\` or
\`-metrics=off\`.

\`/healthz\` answers 200 while the mount is in the tree and the store answers; 503 before it is mounted, once it
is unmounted or detached (what is open is served on), and while the store is known not to answer. Reads may
well go on then, so take it for readiness and alerts rather than for a reason to end the mount. Neither page
asks the store or touches the mount.

\`\`\`yaml
scrape_configs:
  - job_name: cassfs
    static_configs:
      - targets: ["127.0.0.1:9464"]
\`\`\`

Worth an alert:

- \`cassfs_store_answering == 0\`: changes fail, or wait;
- \`cassfs_rescue_entries > 0\`: something could not be stored, see \`cassfs rescue list\`;
- \`increase(cassfs_save_errors_total[1h]) > 0\`: what a program wrote could not be stored, and it was told so;
- \`increase(cassfs_lost_changes_total[1h]) > 0\`: changes that were answered are lost to another mount's;
- \`cassfs_oldest_uncommitted_age_seconds > 60\`: what is answered stands in the local journal alone;
- \`increase(cassfs_corrupt_blocks_total[1h]) > 0\`: the store gives back other bytes than it was given.

Counters begin at 0 with each mount. All have the labels ${listOf(commonLabels)};
further ones stand in braces. A metric that cannot be told has no sample.
`

/** The text of docs/METRICS.md. */
export function renderMetricsPage(): string {
  const sections = Object.entries(metricGroups).map(
    ([title, metrics]) =>
      `## ${title}\n\n${Object.entries(metrics).map(renderMetric).join('\n')}\n`,
  )
  const others = Object.entries(leftOut).map(([path, why]) => `- \`${path}\`: ${why}`)
  const left = `## Left out\n\nOf \`cassfs status --json\`, no metric tells:\n\n${others.join('\n')}\n`
  return [introduction, ...sections, left].join('\n')
}

function renderMetric([name, { type, help, labels }]: [string, MetricFacts]): string {
  const braces = labels.length > 0 ? `{${labels.join(', ')}}` : ''
  return `- \`${name}${braces}\` (${type}): ${help}`
}

function listOf(names: readonly string[]): string {
  const quoted = names.map((name) => `\`${name}\``)
  return `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`
}
