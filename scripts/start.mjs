#!/usr/bin/env node
/**
 * `npm start [-- [OPTIONS] [DIR]]`: from a fresh clone to a mounted file system. Installs and
 * compiles what is needed, mounts an embedded volume on DIR (./mnt without one; OPTIONS are those
 * of `cassfs`) in the foreground, and unmounts on Ctrl-C.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build, install, root } from './prepare.mjs'
import { whatStopsEverything, whatStopsMounting } from './requirements.mjs'

const MISSING = 3
const MOUNT_TIMEOUT_MS = 30_000
/** Ctrl-C reaches this process twice: from the terminal and through npm. */
const SAME_KEYPRESS_MS = 500

/** Splits what the user gave into options of cassfs and the folder, by the rule of the CLI. */
function readArguments(given) {
  const last = given.at(-1)
  const base = process.env.INIT_CWD ?? process.cwd()
  const isDir =
    last !== undefined &&
    !last.startsWith('-') &&
    (given.length === 1 || last.includes('/') || existsSync(resolve(base, last)))
  if (isDir) return { options: given.slice(0, -1), dir: resolve(base, last) }
  return { options: given, dir: join(root, 'mnt') }
}

function isMounted(dir) {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  const escaped = dir.replace(/[\s\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return mounts.some((line) => line.split(' ')[4] === escaped && / - fuse/.test(line))
}

/** Waits until the mount answers, or its process has ended. */
async function waitForMount(child, dir) {
  const deadline = Date.now() + MOUNT_TIMEOUT_MS
  while (child.exitCode === null && Date.now() < deadline) {
    if (isMounted(dir)) {
      await stat(dir)
      return true
    }
    await sleep(50)
  }
  return false
}

function explain(dir) {
  const path = JSON.stringify(relative(process.env.INIT_CWD ?? process.cwd(), dir) || '.')
  const shown = /^"[\w./-]+"$/.test(path) ? path.slice(1, -1) : path
  console.log(`
CassFS is mounted on ${dir}: an embedded volume, kept on this machine between mounts.
Try, in another terminal:
  echo hello >${shown}/hello.txt && cat ${shown}/hello.txt
  cp -a some-folder ${shown}/ && ls -la ${shown}
  node bin/cassfs.js status
Ctrl-C here unmounts; the files are there again at the next start.
With Cassandra: node bin/cassfs.js init -server=HOST, then node bin/cassfs.js -server=HOST DIR
`)
}

/** Hands each signal to the mount once; a second Ctrl-C, later, means what it means to cassfs. */
function forwardSignals(child) {
  let lastAt = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      if (Date.now() - lastAt < SAME_KEYPRESS_MS) return
      lastAt = Date.now()
      child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal)
    })
}

async function mount(options, dir) {
  mkdirSync(dir, { recursive: true })
  const target = realpathSync(dir)
  const flags = [join(root, 'bin/cassfs.js'), ...options, target]
  // A process group of its own keeps the terminal's Ctrl-C away: it is told by forwardSignals.
  const child = spawn(process.execPath, flags, { cwd: root, stdio: 'inherit', detached: true })
  const ended = new Promise((done, fail) => child.once('exit', done).once('error', fail))
  forwardSignals(child)
  if (await waitForMount(child, target)) explain(target)
  const code = await ended
  if (code === 0) console.log(`Unmounted ${target}`)
  return code ?? 1
}

async function main() {
  const everything = whatStopsEverything()
  const problems = everything.length > 0 ? everything : whatStopsMounting()
  for (const problem of problems) console.error(`npm start: ${problem}`)
  if (problems.length > 0) return MISSING
  const { options, dir } = readArguments(process.argv.slice(2))
  install()
  if (!build('dist')) return 1
  return mount(options, dir)
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error) => {
    console.error(`npm start: ${error.message}`)
    process.exitCode = 1
  },
)
