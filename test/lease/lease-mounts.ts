/** Mounts with the write lease for the tests of this folder: started, asked what they say, taken away. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MountStatus } from '../../src/observe/status.js'
import { openSandbox, type Sandbox } from '../cli/cassfs.js'
import { cleanUp, type ForegroundMount, startMount } from '../cli/mounts.js'
import { waitFor } from '../support/process.js'

export interface LeaseMount extends ForegroundMount {
  readonly dir: string
  status(): Promise<LeaseFacts>
  /** Until its status is so; throws with the last one. */
  until(what: string, isSo: (facts: LeaseFacts) => boolean, timeoutMs?: number): Promise<void>
  /** Until it has said so. */
  said(pattern: RegExp, timeoutMs?: number): Promise<void>
  /** As a user ends it; what it still has to commit is committed. */
  unmount(): Promise<void>
  kill(): Promise<void>
}

export type LeaseFacts = Required<Pick<MountStatus, 'writeLease'>> & MountStatus

export interface Rescued {
  readonly id: string
  readonly kind: string
  readonly path?: string
}

export interface LeaseMounts {
  readonly sandbox: Sandbox
  /** `name` is a folder of the sandbox, made where it is not there; `more` flags for this mount. */
  mount(name: string, more?: readonly string[]): Promise<LeaseMount>
  /** `cassfs rescue list` of all that is kept in the state folder. */
  rescued(): Promise<Rescued[]>
  close(): Promise<void>
}

/** `flags`: for every mount. */
export function openLeaseMounts(flags: readonly string[] = []): LeaseMounts {
  const sandbox = openSandbox()
  const mounts: ForegroundMount[] = []
  const folders = new Set<string>()
  return {
    sandbox,
    async mount(name, more = []) {
      const dir = join(sandbox.folder, name)
      // A dead mount may lie on it, for the next one to replace.
      if (!folders.has(dir)) mkdirSync(dir)
      folders.add(dir)
      const one = await startMount(sandbox, ['-debug', ...flags, ...more, dir])
      mounts.push(one)
      return leaseMount(sandbox, one, dir)
    },
    async rescued() {
      const { stdout, stderr } = await sandbox.run(['rescue', 'list', '--json'])
      assert.equal(stderr, '')
      return JSON.parse(stdout)
    },
    async close() {
      for (const one of mounts) one.signal('SIGCONT')
      await cleanUp(mounts, sandbox.folder)
      sandbox.close()
    },
  }
}

function leaseMount(sandbox: Sandbox, one: ForegroundMount, dir: string): LeaseMount {
  const status = async (): Promise<LeaseFacts> => {
    const { stdout, stderr } = await sandbox.run(['status', '--json', dir])
    const [mount] = JSON.parse(stdout || '[]') as { status?: LeaseFacts }[]
    assert.ok(mount?.status, `${dir} does not tell its status: ${stderr}`)
    return mount.status
  }
  return {
    ...one,
    dir,
    status,
    async until(what, isSo, timeoutMs = 10_000) {
      const deadline = Date.now() + timeoutMs
      for (let facts = await status(); !isSo(facts); facts = await status()) {
        const { writeLease } = facts
        assert.ok(Date.now() < deadline, `not ${what}: ${JSON.stringify(writeLease)}\n${one.log()}`)
        await sleep(50)
      }
    },
    said: (pattern, timeoutMs) =>
      waitFor(`${dir} to say ${pattern}`, () => pattern.test(one.log()), timeoutMs),
    async unmount() {
      one.signal('SIGINT')
      assert.equal(await one.ended, 0, one.log())
    },
    async kill() {
      one.signal('SIGKILL')
      await one.ended
    },
  }
}
