// A folder of a tree, open: of this machine (local-folder.ts) or of a volume (volume-folder.ts). What is
// done by name is done to the name itself: a symbolic link is never followed, whoever puts one there
// meanwhile. Everything rejects with FsError, or with what Node throws.

import type { Name } from '../../volume/name.js'
import type { Content, Entry, Piece, PresentEntry } from './entry.js'

export interface Folder {
  /** In the order of their bytes. */
  names(): Promise<Name[]>
  /** Undefined: there is no such name. */
  look(name: Name): Promise<PresentEntry | undefined>
  /** The folder itself. */
  lookHere(): Promise<PresentEntry>
  /** ENOENT, ENOTDIR (of a symbolic link too). */
  enter(name: Name): Promise<Folder>
  /** Of a regular file. */
  read(name: Name): Promise<Content>
  close(): void
}

export interface WritableFolder extends Folder {
  /** Owners other than the caller's, trusted.* and security.* can be set. */
  readonly isPrivileged: boolean
  enter(name: Name): Promise<WritableFolder>
  /** Makes a folder that its owner alone may enter until it is given its attributes. EEXIST. */
  makeFolder(name: Name): Promise<void>
  /** Makes a file, whole: under a name of its own until all is there; `replace`: over what is there. EEXIST. */
  makeFile(name: Name, entry: Entry, pieces: AsyncIterable<Piece>, replace: boolean): Promise<void>
  /** A symbolic link, a fifo or a device. EEXIST. */
  makeSpecial(name: Name, entry: Entry, replace: boolean): Promise<void>
  /** One more name for what is in `from` under `fromName`. EEXIST. */
  link(from: WritableFolder, fromName: Name, name: Name, replace: boolean): Promise<void>
  /** Owner, mode, attributes and times of `present`, as it was looked at; content stays. ESTALE: it is another now. */
  setAttributes(name: Name, entry: Entry, present: PresentEntry): Promise<void>
  /** Of the folder itself. */
  setOwnAttributes(entry: Entry): Promise<void>
  /** Not of a folder. */
  unlink(name: Name): Promise<void>
  rmdir(name: Name): Promise<void>
}

const temporaryPattern = /^\.cassfs-[0-9a-f]{16}\.tmp$/

/** A name that nothing else has, for what is renamed over another. */
export function temporaryName(): Name {
  const random = crypto.getRandomValues(new Uint8Array(8))
  return `.cassfs-${Buffer.from(random).toString('hex')}.tmp`
}

const leftAfterSeconds = 600

/** What a process that was killed between making and renaming left. */
export function isLeftOver(name: Name, { ctime }: PresentEntry): boolean {
  return temporaryPattern.test(name) && Date.now() / 1000 - ctime.sec > leftAfterSeconds
}

export const isTemporary = (name: Name): boolean => temporaryPattern.test(name)

/** Which attributes of a file travel: those that the kernel of this very machine made do not. */
export function travels(name: Name, isPrivileged: boolean): boolean {
  if (name.startsWith('user.') || name.startsWith('system.posix_acl_')) return true
  if (!isPrivileged) return false
  const bound = ['security.selinux', 'security.ima', 'security.evm']
  return name.startsWith('trusted.') || (name.startsWith('security.') && !bound.includes(name))
}
