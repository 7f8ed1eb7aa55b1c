// The commands that look at files of an environment and copy them, without a mount.

import type { CommandSpec } from './command-spec.js'
import { json, volumeGroups } from './shared-options.js'
import type { OwnOption } from './split-arguments.js'

const looking: readonly CommandSpec[] = [
  {
    words: ['ls'],
    args: ['[path]'],
    completes: 'nothing',
    summary: 'List a folder of an environment, without a mount.',
    options: [{ name: 'long', short: 'l', doc: 'With mode, owner, size and time.' }, json],
    groups: volumeGroups,
    load: () => import('./commands/ls.js'),
  },
  {
    words: ['cat'],
    args: ['<path...>'],
    completes: 'nothing',
    summary: 'Print files of an environment, without a mount.',
    options: [],
    groups: volumeGroups,
    load: () => import('./commands/cat.js'),
  },
  {
    words: ['stat'],
    args: ['<path>'],
    completes: 'nothing',
    summary: 'Show what is known of one file of an environment, without a mount.',
    options: [json],
    groups: volumeGroups,
    load: () => import('./commands/stat.js'),
  },
]

const dryRun: OwnOption = { name: 'dry-run', doc: 'Say what would be done, and do nothing.' }
const recursive: OwnOption = { name: 'recursive', short: 'r', doc: 'Folders with all in them.' }
const transferOptions: readonly OwnOption[] = [
  { name: 'delete', doc: 'Remove what the source does not have, below the destination alone.' },
  { name: 'checksum', doc: 'Compare bytes where size and time are compared otherwise.' },
  { name: 'keep-going', doc: 'Go on past files that fail; the exit status is 1 all the same.' },
  dryRun,
  json,
]

const transferring: readonly CommandSpec[] = [
  {
    words: ['import'],
    args: ['<source>', '[folder]'],
    completes: 'folder',
    summary: 'Copy a local folder or a tar archive into an environment, without a mount.',
    details:
      'The source is a folder, a .tar or .tar.gz, or - for an archive on standard input; what is in it\n' +
      'goes into the folder of the environment (default /), with owners, modes, times, links, extended\n' +
      'attributes, ACLs and holes. Files that are there with the same size and time stay; others are\n' +
      'replaced whole: so the same command carries on an interrupted one. Names of archives that begin\n' +
      'with / lose it; names with .. are refused. Sockets are left out.',
    options: transferOptions,
    groups: volumeGroups,
    load: () => import('./commands/import.js'),
  },
  {
    words: ['export'],
    args: ['<folder>', '<destination>'],
    completes: 'folder',
    summary: 'Copy a folder of an environment to this machine or into a tar archive.',
    details:
      'The destination is a folder, a file .tar or .tar.gz, or - for an archive on standard output. A\n' +
      'folder is updated as import does it; no symbolic link in it is ever written through. Owners and\n' +
      'devices need root. An archive is for: tar --xattrs --acls -xf',
    options: transferOptions,
    groups: volumeGroups,
    load: () => import('./commands/export.js'),
  },
  {
    words: ['cp'],
    args: ['<path...>'],
    completes: 'nothing',
    summary: 'Copy files into, out of or within an environment: there a path begins with a colon.',
    details:
      'cassfs cp index.php :/site/             into the environment\n' +
      'cassfs cp -r :/site/uploads /backup     out of it\n' +
      'cassfs cp -r :/site :/site.old          within it\n' +
      'The last path is where to: a folder, or the new name. A local name that begins with a colon is\n' +
      'written ./:name. Owners, modes, times and attributes travel; a file is replaced whole.',
    options: [recursive],
    groups: volumeGroups,
    load: () => import('./commands/cp.js'),
  },
  {
    words: ['rm'],
    args: ['<path...>'],
    completes: 'nothing',
    summary: 'Remove files of an environment, without a mount.',
    options: [
      recursive,
      { name: 'force', short: 'f', doc: 'What is absent is no error.' },
      dryRun,
      { name: 'no-preserve-root', doc: 'With -r and /: remove all that is in the environment.' },
    ],
    groups: volumeGroups,
    load: () => import('./commands/rm.js'),
  },
]

export const fileCommands: readonly CommandSpec[] = [...looking, ...transferring]
