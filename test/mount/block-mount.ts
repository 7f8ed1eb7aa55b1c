// A mount of type `fuseblk` on a loop device. The kernel takes it for a disk, and says to it what
// it says to no ordinary FUSE mount: DESTROY, and since 6.18 SYNCFS. Used to see those two.

import { execFileSync } from 'node:child_process'
import { closeSync, constants, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mount } from '../../src/native/mount.js'

const IMAGE_SIZE = 1 << 20

/** Why it cannot be done here; undefined where it can. */
export function whyNoBlockMount(): string | undefined {
  try {
    execFileSync('losetup', ['--find'], { stdio: ['ignore', 'ignore', 'ignore'] })
    return undefined
  } catch {
    return 'SKIPPED: there is no free loop device for a fuseblk mount'
  }
}

/** Mounts; `release` gives the loop device back once the file system is unmounted. */
export function blockMount(mountpoint: string): { fd: number; release: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'cassfs-block-'))
  const image = join(directory, 'image')
  const imageFd = openSync(image, 'w')
  ftruncateSync(imageFd, IMAGE_SIZE)
  closeSync(imageFd)
  const device = execFileSync('losetup', ['--find', '--show', image]).toString().trim()
  const release = () => {
    execFileSync('losetup', ['--detach', device])
    rmSync(directory, { recursive: true })
  }
  const fd = openSync('/dev/fuse', constants.O_RDWR | constants.O_NONBLOCK)
  try {
    const data = `fd=${fd},rootmode=40000,user_id=0,group_id=0,blksize=4096,allow_other`
    mount(device, mountpoint, 'fuseblk', 0, data)
  } catch (error) {
    closeSync(fd)
    release()
    throw error
  }
  return { fd, release }
}
