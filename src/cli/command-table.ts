// Every command, declared once: dispatch, help and completion come from here. A command's code is
// loaded when it runs.

import type { CommandSpec } from './command-spec.js'
import { fileCommands } from './file-commands.js'
import { json, volumeGroups } from './shared-options.js'
import type { OwnOption } from './split-arguments.js'

const mounting: CommandSpec[] = [
  {
    words: ['mount'],
    args: ['<folder>'],
    completes: 'folder',
    summary: 'Mount an environment on an empty folder (also without the word "mount").',
    details:
      'Serves the mount until it is unmounted, or Ctrl-C; with --background it returns when the mount\n' +
      'answers. A dead CassFS mount on the folder is detached first. When somebody still holds files,\n' +
      'the first signal saves, detaches and serves them on until they are closed; a second ends it.',
    options: [],
    groups: ['volume', 'store', 'mount', 'log'],
    load: () => import('./commands/mount.js'),
  },
  {
    words: ['umount'],
    args: ['<folder>'],
    completes: 'folder',
    summary: 'Save and unmount; a busy mount is detached and served until it is free.',
    options: [
      { name: 'no-detach', doc: 'Leave a busy mount as it is, and fail; tell who holds it.' },
    ],
    groups: ['log'],
    load: () => import('./commands/umount.js'),
  },
  {
    words: ['status'],
    args: ['[folder]'],
    completes: 'folder',
    summary: 'Show the mounts of this host and how they are.',
    options: [json],
    groups: ['log'],
    load: () => import('./commands/status.js'),
  },
]

const environments: CommandSpec[] = [
  {
    words: ['env', 'list'],
    args: [],
    completes: 'nothing',
    summary: 'List the environments of an owner.',
    options: [json],
    groups: volumeGroups,
    load: () => import('./commands/env-list.js'),
  },
  {
    words: ['env', 'create'],
    args: ['<environment>'],
    completes: 'environment',
    summary: 'Make an empty environment.',
    options: [],
    groups: volumeGroups,
    load: () => import('./commands/env-create.js'),
  },
  {
    words: ['env', 'delete'],
    args: ['<environment>'],
    completes: 'environment',
    summary: 'Delete an environment and all its files, for good.',
    options: [{ name: 'yes', doc: 'Do not ask.' }],
    groups: volumeGroups,
    load: () => import('./commands/env-delete.js'),
  },
  {
    words: ['init'],
    args: [],
    completes: 'nothing',
    summary: 'Make or upgrade the keyspace and its tables on Cassandra.',
    options: [
      {
        name: 'replication',
        value: 'a number, or data centres such as dc1=3',
        doc: 'Replicas of a new keyspace.',
      },
      { name: 'dry-run', doc: 'Print the CQL and do nothing.' },
    ],
    groups: volumeGroups,
    load: () => import('./commands/init.js'),
  },
]

const rescuing: CommandSpec[] = [
  {
    words: ['rescue', 'list'],
    args: ['[folder]'],
    completes: 'folder',
    summary: 'List what could not be stored and is kept.',
    details:
      'Of all owners and environments of the state folder; with -owner, -environment or the folder of\n' +
      'a mount only what belongs to it. A journal is one that could not be carried on whole.',
    options: [json],
    groups: ['volume', 'store', 'log'],
    load: () => import('./commands/rescue-list.js'),
  },
  {
    words: ['rescue', 'restore'],
    args: ['<id...>'],
    completes: 'nothing',
    summary: 'Make files of what is kept, where they were or elsewhere; never over a file.',
    details:
      'Without --to a file goes where it was in its environment, which must be mounted. Mode, owner and\n' +
      'time are restored as far as the caller may. Of a journal the files go into the folder --to.',
    options: [
      { name: 'to', value: 'a file or a folder', doc: 'Make it there.' },
      { name: 'below', value: 'a folder', doc: 'Where the environment is mounted.' },
      { name: 'delete', doc: 'What is restored is not kept any longer.' },
    ],
    groups: ['volume', 'store', 'log'],
    load: () => import('./commands/rescue-restore.js'),
  },
  {
    words: ['rescue', 'delete'],
    args: ['[id...]'],
    completes: 'nothing',
    summary: 'Delete what is kept, for good.',
    options: [{ name: 'all', doc: 'All of it; with -owner or -environment what belongs to them.' }],
    groups: ['volume', 'store', 'log'],
    load: () => import('./commands/rescue-delete.js'),
  },
]

const housekeeping: CommandSpec[] = [
  {
    words: ['config'],
    args: [],
    completes: 'nothing',
    summary: 'Print every option, its value and where it came from.',
    options: [json],
    groups: ['volume', 'store', 'mount', 'log'],
    load: () => import('./commands/config.js'),
  },
  {
    words: ['doctor'],
    args: [],
    completes: 'nothing',
    summary: 'Check what a mount needs, and say how to mend what is missing.',
    options: [json],
    groups: ['store', 'mount', 'log'],
    load: () => import('./commands/doctor.js'),
  },
  {
    words: ['fsck'],
    args: [],
    completes: 'nothing',
    summary: 'Check that what an environment consists of holds together; changes nothing.',
    details:
      'May run while it is mounted. Every record is read, every block is looked for, and of the bytes of\n' +
      'files a sample of 1,000 blocks. Exit status: 0 sound, 1 damaged, 3 it could not be checked.',
    options: [
      { name: 'all', doc: 'All environments of the owner.' },
      { name: 'read-blocks', doc: 'Read all bytes of all files.' },
      json,
    ],
    groups: volumeGroups,
    load: () => import('./commands/fsck.js'),
  },
  {
    words: ['completion'],
    args: ['<shell>'],
    completes: 'shell',
    summary: 'Print the completion script of bash, zsh or fish.',
    details:
      'bash: source <(cassfs completion bash)\n' +
      // biome-ignore lint/suspicious/noTemplateCurlyInString: zsh's own
      'zsh:  cassfs completion zsh > "${fpath[1]}/_cassfs"\n' +
      'fish: cassfs completion fish | source',
    options: [],
    groups: [],
    load: () => import('./commands/completion.js'),
  },
  {
    words: ['version'],
    args: [],
    completes: 'nothing',
    summary: 'Print the version.',
    options: [],
    groups: [],
    load: () => import('./commands/version.js'),
  },
]

export const commandTable: readonly CommandSpec[] = [
  ...mounting,
  ...environments,
  ...fileCommands,
  ...rescuing,
  ...housekeeping,
]

/** The own options of all commands, each once. */
export const ownOptions: readonly OwnOption[] = [
  ...new Map(
    commandTable.flatMap((spec) => spec.options).map((option) => [option.name, option]),
  ).values(),
]
