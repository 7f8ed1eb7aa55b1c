// `mount -o remount,ro ./site`: mount(8) leaves a FUSE file system to mount.fuse(8) of Debian's fuse3, which
// calls `cassfs SOURCE FOLDER -o OPTIONS`, with `remount` among the options. Read-only or not is the
// kernel's affair then: the mount's process goes on, and saves what is unsaved.

export interface RemountOrder {
  readonly folder: string
  /** As behind -o: separated by commas. */
  readonly options: string
}

/** What mount.fuse(8) asks for; undefined where the words are something else. */
export function readRemount(argv: readonly string[]): RemountOrder | undefined {
  const [, folder, dash, options] = argv
  if (argv.length !== 4 || folder === undefined || dash !== '-o') return undefined
  return options?.split(',').includes('remount') ? { folder, options } : undefined
}
