/**
 * `cassfs` where mount(8) looks for it: it hands on no PATH, so a shell that it starts finds what is installed
 * for everybody. The folder is laid over /usr/local/bin for one command and its children.
 */
const SCRIPT = 'mount --bind "$0" /usr/local/bin && exec "$@"'

/** The words of a command that runs `words` with the programs of `folder` installed; needs root. */
export function withInstalled(
  folder: string,
  words: readonly string[],
): [program: string, flags: string[]] {
  const flags = ['--mount', '--propagation', 'private', '/bin/sh', '-c', SCRIPT, folder, ...words]
  return ['unshare', flags]
}
