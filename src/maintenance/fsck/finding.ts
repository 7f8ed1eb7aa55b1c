// What a check found: one thing that is not as it must be, where, and what to do about it.

import type { Name } from '../../volume/name.js'

/** What is damaged; each has its advice. */
export type CheckName =
  | 'head'
  | 'record'
  | 'name'
  | 'inode'
  | 'links'
  | 'tree'
  | 'usage'
  | 'log'
  | 'block'
  | 'index'
  | 'books'
  | 'journal'
  | 'file'

export interface Finding {
  readonly check: CheckName
  /** From the root of the environment, as a byte string; absent where it has none. */
  readonly path?: Name | undefined
  readonly message: string
}

/** Takes what a check finds as it finds it; nothing of it is kept. */
export interface Report {
  finding(finding: Finding): void
  /** Worth knowing, and nothing wrong. */
  note(message: string): void
  /** How far it has come: `done` of `what`, of which nobody knows the whole. */
  progress(what: string, done: number): void
}

const fromBackup = 'restore it from a backup; CassFS cannot make it again'

const advice: Readonly<Record<CheckName, string>> = {
  head: 'mount it nowhere; restore the environment from a backup',
  record: 'remove the entry if its file is not needed, or restore the environment from a backup',
  name: 'rename it where a mount shows it, or restore the environment from a backup',
  inode: fromBackup,
  links: 'harmless but for programs that go by it; a copy of the tree has the right one',
  tree: 'copy what can be read to a new environment',
  usage: 'harmless but for df and quotas; a copy in a new environment counts right',
  log: 'mounts that follow from before it load the volume again; nothing else is lost',
  block: fromBackup,
  index: 'copy the tree to a new environment: renames and links may go wrong in this one',
  books: 'keep a backup, and copy the tree to a new environment: blocks may go too early or never',
  file: 'keep a copy of the folder as it is, and restore the environments from a backup',
  journal:
    'mount the environment: what can be carried on is, the rest is kept for cassfs rescue list',
}

/** What to do about it. */
export function adviceFor(check: CheckName): string {
  return advice[check]
}
