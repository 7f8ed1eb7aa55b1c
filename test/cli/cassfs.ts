/**
 * The command line as a process: the one that was compiled beside this test, so that a test never runs
 * an older build. A folder with the program `cassfs` goes on PATH for advice that is followed literally.
 */
import { execFile, type SpawnOptions, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const main = join(import.meta.dirname, '../../src/cli/main.js')

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Sandbox {
  /** A folder of the test's own. */
  readonly folder: string
  /** Runs `cassfs` to its end. */
  run(args: readonly string[], options?: RunOptions): Promise<Ended>
  /** Runs a line of shell with `cassfs` on PATH. */
  shell(line: string, options?: RunOptions): Promise<Ended>
  /** Starts `cassfs`, for a mount in the foreground. */
  start(args: readonly string[], options?: SpawnOptions): ReturnType<typeof spawn>
  /** What `start` and `run` run in. */
  readonly env: NodeJS.ProcessEnv
  close(): void
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly input?: string
  readonly timeoutMs?: number
}

/** A sandbox whose state folder is its own; nothing of the user's configuration is seen. */
export function openSandbox(): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), 'cassfs-cli-'))
  const program = join(folder, 'cassfs')
  const script = `import(${JSON.stringify(main)}).then(({ main }) => main(process.argv.slice(2)))`
  writeFileSync(program, `#!${process.execPath}\n${script}\n`, { mode: 0o755 })
  const kept = Object.entries(process.env).filter(([name]) => isKept(name))
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(kept),
    PATH: `${folder}:${process.env.PATH}`,
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    CASSFS_STATEDIR: join(folder, 'state'),
  }
  return {
    folder,
    env,
    run: (args, options) => runProgram(program, args, env, folder, options),
    shell: (line, options) => runProgram('/bin/bash', ['-c', line], env, folder, options),
    start: (args, options) => spawn(program, args, { env, cwd: folder, ...options }),
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function isKept(name: string): boolean {
  return !/^(CASSFS_|XDG_|NODE_)/.test(name) || name === 'CASSFS_TEST_RUN'
}

function runProgram(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  folder: string,
  { timeoutMs = 60_000, input, ...options }: RunOptions = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const settings = { cwd: options.cwd ?? folder, env: { ...env, ...options.env } }
    const limits = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 1 << 26 } as const
    const child = execFile(program, args, { ...settings, ...limits }, (error, stdout, stderr) => {
      resolve({ status: error ? child.exitCode : 0, stdout, stderr })
    })
    child.stdin?.end(input)
  })
}
