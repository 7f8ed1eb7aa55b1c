// A process dies behind a change and before its answer, and another serves the same mount on: the kernel delivers
// the request again, and it is answered from the journal or the log. Done twice, each of these changes would fail.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openMount, unmount } from '../../src/fuse/mount.js'
import { runProgram, until, whyNoMount } from './mounted.js'
import type { AgreedLine, TakeOverLine, TakeOverOrder } from './take-over-worker.js'

const workerFile = fileURLToPath(new URL('./take-over-worker.js', import.meta.url))
const xattrFile = new URL('../../src/native/xattr.js', import.meta.url)

interface Case {
  readonly method: NonNullable<TakeOverOrder['die']>['method']
  readonly before?: string
  /** $M is the mount; $D the name that the request carries, $F that in the mount. */
  readonly act: string
  /** What must be so afterwards. */
  readonly holds: string
}

const setxattr = `import { setXattr, XattrFlag } from '${xattrFile}'
setXattr(process.env.M + '/marked', process.env.D, Buffer.from('1'), XattrFlag.XATTR_CREATE)`
const getxattr = `import { getXattr } from '${xattrFile}'
if (String(getXattr(process.env.M + '/marked', process.env.D)) !== '1') process.exit(1)`

const cases: readonly Case[] = [
  { method: 'mkdir', act: 'mkdir $F', holds: 'test -d $F' },
  { method: 'mknod', act: 'mkfifo $F', holds: 'test -p $F' },
  { method: 'symlink', act: 'ln -s there $F', holds: 'test "$(readlink $F)" = there' },
  {
    method: 'create',
    act: 'set -C; echo written > $F',
    holds: 'test "$(cat $F)" = written',
  },
  {
    method: 'link',
    before: 'echo one > $M/one',
    act: 'ln $M/one $F',
    holds: 'test "$(stat -c %h $M/one) $(cat $F)" = "2 one"',
  },
  { method: 'unlink', before: 'touch $F', act: 'unlink $F', holds: 'test ! -e $F' },
  { method: 'rmdir', before: 'mkdir $F', act: 'rmdir $F', holds: 'test ! -e $F' },
  {
    method: 'rename',
    before: 'echo moved > $F',
    act: 'mv -T $F $M/moved',
    holds: 'test ! -e $F && test "$(cat $M/moved)" = moved',
  },
  {
    method: 'setxattr',
    before: 'touch $M/marked',
    act: `node --input-type=module -e "${setxattr}"`,
    holds: `node --input-type=module -e "${getxattr}"`,
  },
]

/** One mount, served by one process after another. */
class Relay {
  readonly #folder = mkdtempSync(join(tmpdir(), 'cassfs-relay-'))
  readonly mountpoint = join(this.#folder, 'mount')
  readonly #writeLease: boolean
  #fd = -1
  #worker: ChildProcess | undefined
  #before: TakeOverOrder['before']
  #said: TakeOverLine[] = []
  log = ''

  constructor(writeLease: boolean) {
    this.#writeLease = writeLease
  }

  async open(): Promise<void> {
    mkdirSync(this.mountpoint)
    const { fd } = await openMount({
      mountpoint: this.mountpoint,
      fsname: 'cassfs-test',
      subtype: 'cassfs',
      defaultPermissions: true,
    })
    this.#fd = fd
  }

  /** The next process; the one before has ended. Serves when this resolves. */
  async next(die?: TakeOverOrder['die']): Promise<void> {
    const order: TakeOverOrder = {
      folder: this.#folder,
      writeLease: this.#writeLease,
      ...(this.#before ? { before: this.#before } : {}),
      ...(die ? { die } : {}),
    }
    this.#said = []
    this.log = ''
    const args = ['--no-warnings', workerFile, JSON.stringify(order)]
    const worker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', this.#fd] })
    this.#worker = worker
    worker.stderr?.on('data', (text: Buffer) => {
      this.log += text.toString()
    })
    if (!worker.stdout) throw new Error('no standard output')
    createInterface(worker.stdout).on('line', (line) => this.#hear(JSON.parse(line)))
    await this.#until('serves')
  }

  #hear(line: TakeOverLine): void {
    this.#said.push(line)
    if ('agreed' in line)
      this.#before = { mount: line.mount, negotiated: line.agreed as AgreedLine }
  }

  #until(what: 'serves' | 'lease'): Promise<void> {
    const hasEnded = () => this.#worker?.exitCode !== null
    return until(
      () => this.#said.some((line) => what in line) || hasEnded(),
      () => `${what}: ${this.log}`,
    )
  }

  /** Runs in a shell, with the names that cases speak of. */
  run(script: string, name = ''): Promise<string> {
    const names = `export M=${this.mountpoint} D=${name} F=${this.mountpoint}/${name}`
    return runProgram('sh', ['-ec', `${names}; ${script}`])
  }

  /** Makes small changes until the process has the write lease. */
  async untilLease(): Promise<void> {
    const busy = 'for n in 1 2 3 4 5 6 7 8 9 10; do echo $n > $M/busy; sleep 0.03; done'
    for (let round = 0; round < 20; round++) {
      if (this.#said.some((line) => 'lease' in line)) return
      await this.run(busy)
    }
    await this.#until('lease')
  }

  /** When the process has been killed by its own order. */
  async ended(): Promise<void> {
    const worker = this.#worker
    if (worker && worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit')
  }

  async close(): Promise<void> {
    await unmount(this.mountpoint, true).catch((error) => console.error(error))
    if (this.#fd >= 0) closeSync(this.#fd)
    const late = setTimeout(() => this.#worker?.kill('SIGKILL'), 10_000)
    await this.ended()
    clearTimeout(late)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** What a request of this case carries as a name. */
const nameOf = ({ method }: Case) => `user.${method}`
const orderOf = (one: Case | undefined) => one && { method: one.method, name: nameOf(one) }

/** Each process dies in one case, and the next answers what it has left. */
async function inTurn(writeLease: boolean): Promise<void> {
  const relay = new Relay(writeLease)
  await relay.open()
  try {
    await relay.next(orderOf(cases[0]))
    for (const [at, one] of cases.entries()) {
      const { method, before, act, holds } = one
      if (before) await relay.run(before, nameOf(one))
      if (writeLease) await relay.untilLease()
      const acting = relay.run(act, nameOf(one)).catch((error) => error as Error)
      await relay.ended()
      await relay.next(orderOf(cases[at + 1]))
      const outcome = await acting
      if (outcome instanceof Error) assert.fail(`${method}: ${outcome.message}; ${relay.log}`)
      assert.equal(await relay.run(`${holds} && echo yes`, nameOf(one)), 'yes\n', method)
      const carriedOn = /changes of a process that has ended are carried on/.test(relay.log)
      assert.equal(carriedOn, writeLease, `${method}: ${relay.log}`)
    }
  } finally {
    await relay.close()
  }
}

const skip = whyNoMount() ?? false

describe('a request that is delivered again is answered, not done twice', { skip }, () => {
  test('from the journal', { timeout: 120_000 }, () => inTurn(true))
  test('from the log', { timeout: 120_000 }, () => inTurn(false))
})
