// What a transfer has done, in words or as JSON.

import type { Transfer, TransferCounts } from '../../maintenance/transfer/transfer.js'
import type { OwnOptions } from '../command-spec.js'
import { formatBytes, formatDuration } from '../ui/format.js'

export interface Summary {
  readonly done: string
  readonly options: OwnOptions
  readonly transfer: Transfer
  readonly durationMs: number
  readonly interrupted: boolean
  readonly problems: readonly { readonly path: string; readonly error: string }[]
}

export function renderSummary(summary: Summary): string {
  const { transfer, durationMs, interrupted, problems } = summary
  const { counts, options } = transfer
  if (summary.options.json) {
    const facts = { dryRun: options.dryRun, interrupted, durationMs: Math.round(durationMs) }
    return `${JSON.stringify({ ...counts, ...facts, problems }, null, 2)}\n`
  }
  const parts = wordsOf(counts)
  const what = parts.length > 0 ? parts.join(', ') : 'nothing'
  const begin = options.dryRun ? `would be ${summary.done}` : summary.done
  return `${begin}: ${what} in ${formatDuration(durationMs)}\n`
}

const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`

function wordsOf(counts: TransferCounts): string[] {
  const { files, bytes, folders, links, hardLinks, specials } = counts
  const { unchanged, attributes, removed, sockets, devices, refusedAttributes, failed } = counts
  const told: readonly (readonly [number, string])[] = [
    [files, `${plural(files, 'file')} (${formatBytes(bytes)})`],
    [folders, plural(folders, 'folder')],
    [links, plural(links, 'symbolic link')],
    [hardLinks, plural(hardLinks, 'hard link')],
    [specials, plural(specials, 'special file')],
    [attributes, `${attributes} given new attributes`],
    [unchanged, `${unchanged} unchanged`],
    [removed, `${removed} removed`],
    [sockets, `${plural(sockets, 'socket')} left out`],
    [devices, `${plural(devices, 'device')} left out (only root makes them)`],
    [refusedAttributes, `${plural(refusedAttributes, 'extended attribute')} not kept there`],
    [failed, `${failed} failed`],
  ]
  return told.filter(([count]) => count > 0).map(([, text]) => text)
}
