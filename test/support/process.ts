/** Child processes and what /proc says of them, for tests. */
import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface RunOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  input?: string
  /** The child is killed after this; 120 s without it. */
  timeoutMs?: number
  uid?: number
  gid?: number
}

/** Runs a program to its end and answers its standard output; throws with all it said. */
export function run(program: string, flags: string[], options: RunOptions = {}): Promise<string> {
  const { input, timeoutMs = 120_000, ...rest } = options
  const settings = { ...rest, timeout: timeoutMs, killSignal: 'SIGKILL' as const }
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      flags,
      { ...settings, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout)
        const said = `${stdout.slice(-2000)}${stderr.slice(-4000)}`
        reject(new Error(`${program} ${flags.join(' ')}: ${error.message}\n${said}`))
      },
    )
    child.stdin?.end(input)
  })
}

/** Runs a line of shell, stopping at the first command that fails. */
export function shell(line: string, options: RunOptions = {}): Promise<string> {
  return run('/bin/bash', ['-euo', 'pipefail', '-c', line], options)
}

/** A server in a process group of its own; what it says is kept for the error message. */
export interface Server {
  readonly pid: number
  readonly ended: Promise<number | null>
  readonly running: () => boolean
  /** The last of what it wrote to stdout and stderr. */
  readonly output: () => string
  /** Signals the whole group. */
  readonly kill: (signal: NodeJS.Signals) => void
}

const OUTPUT_MAX = 20_000

/** Starts a server; `options.stdio` is not taken. */
export async function startServer(
  program: string,
  flags: string[],
  options: SpawnOptions = {},
): Promise<Server> {
  const stdio: SpawnOptions['stdio'] = ['ignore', 'pipe', 'pipe']
  const child: ChildProcess = spawn(program, flags, { ...options, detached: true, stdio })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve).once('error', reject)
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-OUTPUT_MAX)
    })
  const pid = child.pid as number
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return {
    pid,
    ended,
    running: () => child.exitCode === null && child.signalCode === null,
    output: () => output,
    kill: (signal) => killGroup(pid, signal),
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Waits until a condition holds; throws with `what` when it does not in time. */
export async function waitFor(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await sleep(20)
  }
}

/** Memory of a process that is its own (heap and buffers, not files), in bytes. */
export function rssAnon(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]
  if (!kib) throw new Error(`no RssAnon in the status of ${pid}`)
  return Number(kib) * 1024
}

/** How many descriptors a process has open. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** The absolute path of a program, or undefined; looks in `extra` folders first. */
export function findProgram(name: string, extra: string[] = []): string | undefined {
  const folders = [...extra, ...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** A reason to skip when one of the programs is missing; undefined when all are there. */
export function programsMissing(names: string[], advice: string): string | undefined {
  const missing = names.filter((name) => !findProgram(name))
  return missing.length > 0 ? `${missing.join(', ')} not found; ${advice}` : undefined
}
