// What this process takes: processor time, memory, descriptors, and how late its event loop is. Read from
// the kernel when asked; the event loop is watched from `watchProcess` on.

import { readdirSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

/** How often the event loop is looked at. */
const lookEveryMs = 100

/** In bytes. */
export interface ResidentMemory {
  /** Its own. */
  readonly anon: number
  readonly shared: number
  /** Of mapped files: the system takes it back when it is short. */
  readonly file: number
}

/** Undefined: it cannot be told here. */
export interface ProcessFigures {
  readonly cpuSeconds: number
  /** Since 1970. */
  readonly startSeconds: number
  readonly memory: ResidentMemory | undefined
  readonly openFiles: number | undefined
  readonly busySeconds: number
  /** The longest that the event loop was late since this was last asked. */
  readonly lagSecondsMax: number
}

export interface ProcessWatch {
  read(): ProcessFigures
  close(): void
}

export function watchProcess(): ProcessWatch {
  const delays = monitorEventLoopDelay({ resolution: lookEveryMs })
  delays.enable()
  return {
    read() {
      const { user, system } = process.cpuUsage()
      // What is recorded is how long it was from look to look; 0 before the first two.
      const lagMs = Math.max(0, delays.max / 1e6 - lookEveryMs)
      delays.reset()
      return {
        cpuSeconds: (user + system) / 1e6,
        startSeconds: performance.timeOrigin / 1000,
        memory: residentMemory(),
        openFiles: openFiles(),
        busySeconds: performance.eventLoopUtilization().active / 1000,
        lagSecondsMax: lagMs / 1000,
      }
    },
    close() {
      delays.disable()
    },
  }
}

/** RssAnon, RssShmem, RssFile of proc_pid_status(5). */
function residentMemory(): ResidentMemory | undefined {
  try {
    const status = readFileSync('/proc/self/status', 'utf8')
    const bytesOf = (name: string) => {
      const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
      return kib === undefined ? Number.NaN : Number(kib) * 1024
    }
    const memory = {
      anon: bytesOf('RssAnon'),
      shared: bytesOf('RssShmem'),
      file: bytesOf('RssFile'),
    }
    return Number.isNaN(memory.anon + memory.shared + memory.file) ? undefined : memory
  } catch {
    return undefined
  }
}

/** Less the one that lists them. */
function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return undefined
  }
}
