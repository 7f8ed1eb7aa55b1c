/** A check that keeps what it finds, for tests. */
import type { Finding, Report } from '../../src/maintenance/fsck/finding.js'
import {
  checkFile,
  checkOwner,
  checkVolume,
  type FsckOptions,
} from '../../src/maintenance/fsck/fsck.js'
import type { Store } from '../../src/store/store.js'

export interface Checked {
  /** `check path: message`, hashes and ids shortened. */
  readonly findings: readonly string[]
  readonly notes: readonly string[]
  readonly blocksRead: number
  readonly inodes: number
}

/** Checks the file that it is in, a volume, and the books of its owner. */
export async function runFsck(
  store: Store,
  options: Omit<FsckOptions, 'readBlocks'> & { readonly readBlocks?: boolean },
): Promise<Checked> {
  const findings: string[] = []
  const notes: string[] = []
  const report: Report = {
    finding: (finding) => void findings.push(lineOf(finding)),
    note: (message) => void notes.push(message),
    progress: () => {},
  }
  checkFile(store, report)
  const summary = await checkVolume(store, { readBlocks: false, ...options }, report)
  await checkOwner(store, options.owner, report)
  return { findings, notes, blocksRead: summary.blocksRead, inodes: summary.inodes }
}

function lineOf({ check, path, message }: Finding): string {
  const short = message.replace(/[0-9a-f]{64}/g, 'H').replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
  return path === undefined ? `${check}: ${short}` : `${check} ${path}: ${short}`
}
