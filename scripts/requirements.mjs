/**
 * What this machine must have before CassFS can mount, each with the way to get it. Imports only
 * what every Node has: it must still speak where nothing else would run.
 */
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const NODE_MIN = [20, 19]
const CAP_SYS_ADMIN = 21

function platformProblem() {
  if (process.platform === 'linux') return undefined
  const where = process.platform === 'darwin' ? 'macOS has' : `${process.platform} has`
  return `CassFS runs on Linux only: ${where} no /dev/fuse of the Linux kernel.
  Run it in a Linux virtual machine, or in a container with --device /dev/fuse --cap-add SYS_ADMIN.`
}

function nodeProblem() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return undefined
  return `Node ${NODE_MIN.join('.')} or newer is needed, this is ${process.versions.node}.
  Get it from https://nodejs.org/ or by your version manager (nvm install 22).`
}

function deviceProblem() {
  try {
    closeSync(openSync('/dev/fuse', 'r+'))
    return undefined
  } catch (error) {
    if (error.code === 'EACCES' || error.code === 'EPERM')
      return `/dev/fuse may not be opened by this user (${error.code}).
  Allow it: sudo chmod 666 /dev/fuse; in a container start it with --device /dev/fuse.`
    return `/dev/fuse is missing (${error.code}).
  Load the module: sudo modprobe fuse; in a container start it with --device /dev/fuse.`
  }
}

function findProgram(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/bin', '/bin')
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function hasCapability(bit) {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return line !== null && ((BigInt(`0x${line[1]}`) >> BigInt(bit)) & 1n) === 1n
}

function mountProblem() {
  if (process.getuid() !== 0)
    return findProgram('fusermount3')
      ? undefined
      : `fusermount3 was not found: without it only root may mount.
  Get it: sudo apt-get install fuse3 (Debian, Ubuntu), sudo dnf install fuse3 (Fedora).`
  return hasCapability(CAP_SYS_ADMIN)
    ? undefined
    : `root lacks the capability CAP_SYS_ADMIN here, so that it may not mount.
  In a container start it with --cap-add SYS_ADMIN (AppArmor: --security-opt apparmor=unconfined).`
}

/** Reasons why nothing of CassFS can run here (wrong system, old Node). */
export function whatStopsEverything() {
  return [platformProblem, nodeProblem].map((check) => check()).filter(Boolean)
}

/** Reasons why nothing can be mounted here, whatStopsEverything() aside. */
export function whatStopsMounting() {
  return [deviceProblem, mountProblem].map((check) => check()).filter(Boolean)
}
