/**
 * The tree that figures are measured with: usr/share/wordpress of Debian's package `wordpress`, as
 * one tar: 2,521 files, 258 directories, 24 symbolic links, 51 MB. Fetched once, kept in the cache.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, shell } from '../test/support/process.js'

const PACKAGE = 'wordpress'
const FOLDER = './usr/share/wordpress'

/** What a tree must hold to be the one that other figures were measured with. */
export interface TreeCounts {
  files: number
  directories: number
  symlinks: number
}

/** The path of the tar. Needs apt-get and dpkg-deb the first time; throws with their words. */
export async function fetchTreeArchive(): Promise<string> {
  const cache = process.env.CASSFS_TEST_CACHE ?? join(homedir(), '.cache/cassfs-test')
  const archive = join(cache, 'tree.tar')
  if (existsSync(archive)) return archive
  mkdirSync(cache, { recursive: true })
  const dir = mkdtempSync(join(tmpdir(), 'cassfs-tree-'))
  try {
    await run('apt-get', ['download', PACKAGE], { cwd: dir })
    await shell(
      `dpkg-deb --fsys-tarfile ${PACKAGE}_*.deb | tar -x ${FOLDER}
       tar -C ${FOLDER} --sort=name --owner=0 --group=0 -cf tree.tar .`,
      { cwd: dir },
    )
    await run('mv', [join(dir, 'tree.tar'), `${archive}.new`])
    renameSync(`${archive}.new`, archive)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
  return archive
}

/** Counts what lies below a folder, the folder itself among the directories. */
export async function countTree(dir: string): Promise<TreeCounts> {
  const kinds = (await run('find', [dir, '-printf', '%y\n'])).split('\n')
  const count = (kind: string) => kinds.filter((each) => each === kind).length
  return { files: count('f'), directories: count('d'), symlinks: count('l') }
}
