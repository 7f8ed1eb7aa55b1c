/**
 * Finds and removes what tests left behind: processes that carry the run's mark in their
 * environment, and mounts below the run's own temporary folder. Nothing else is ever touched.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process of the run has this variable with the run's name. */
export const MARK = 'CASSFS_TEST_RUN'

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // the process has gone, or is not ours
  }
}

/** Processes that carry the mark of `run`, this one and those of `except` (pids) aside. */
export function markedProcesses(run, except = []) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && !except.includes(pid))
    .filter((pid) => readOrEmpty(`/proc/${pid}/environ`).split('\0').includes(`${MARK}=${run}`))
    .map((pid) => ({
      pid,
      command: readOrEmpty(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim(),
    }))
}

function unescapeMountinfo(path) {
  return path.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))
}

/** Mounts below a folder, the innermost first. */
export function mountsBelow(dir) {
  return readFileSync('/proc/self/mountinfo', 'latin1')
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => unescapeMountinfo(fields[4] ?? '').startsWith(`${dir}/`))
    .map((fields) => ({ path: unescapeMountinfo(fields[4]), device: fields[2] }))
    .reverse()
}

/** Ends pending requests of a mount whose server is gone or stuck: its callers get an error. */
function abortConnection(device) {
  const path = `/sys/fs/fuse/connections/${device.split(':')[1]}/abort`
  if (existsSync(path)) writeFileSync(path, '1')
}

function detach({ path, device }) {
  try {
    abortConnection(device)
  } catch {
    // not allowed to (no root): the lazy unmount below still frees the path
  }
  const commands = [
    ['umount', '-l', path],
    ['fusermount3', '-u', '-z', path],
  ]
  return commands.some(
    ([name, ...flags]) => spawnSync(name, flags, { timeout: 10_000 }).status === 0,
  )
}

/**
 * Waits a moment for what is ending by itself, then detaches and kills the rest.
 * Answers one sentence for each thing that had to be removed by force.
 */
export async function removeLeftovers(run, dir, { except = [], graceMs = 2000 } = {}) {
  const deadline = Date.now() + graceMs
  const busy = () => markedProcesses(run, except).length > 0 || mountsBelow(dir).length > 0
  while (busy() && Date.now() < deadline) await sleep(50)
  const found = []
  for (const mount of mountsBelow(dir))
    found.push(`mount ${mount.path}${detach(mount) ? '' : ' (could not be unmounted)'}`)
  for (const { pid, command } of markedProcesses(run, except)) {
    found.push(`process ${pid}: ${command}`)
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
    }
  }
  return found
}
