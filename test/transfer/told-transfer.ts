/** A transfer that goes on past files that fail, and tells them as `path: message`. */
import { Transfer, type TransferOptions } from '../../src/maintenance/transfer/transfer.js'

export function toldTransfer(problems: string[]): Transfer {
  const options: TransferOptions = {
    compare: 'times',
    delete: false,
    dryRun: false,
    keepGoing: true,
    pathBytesMax: 4095,
    signal: new AbortController().signal,
  }
  return new Transfer(options, {
    problem: ({ path, message }) => problems.push(`${path}: ${message}`),
    change: () => undefined,
  })
}
