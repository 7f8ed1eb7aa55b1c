// `cassfs doctor`: what a mount needs, checked; what is missing, with the way to mend it.

import { release } from 'node:os'
import type { Config } from '../../config/schema.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { type Check, type DoctorSystem, type Finding, fail } from '../doctor/check.js'
import { checks } from '../doctor/checks.js'

interface Result extends Finding {
  readonly check: string
}

export async function run(
  context: CommandContext,
  _args: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const { values } = await context.config()
  const system = systemOf(context)
  const results: Result[] = []
  for (const check of checks) {
    const result = { check: check.name, ...(await runCheck(check, system, values)) }
    results.push(result)
    if (!options.json) context.print(render(result))
  }
  if (options.json) context.print(`${JSON.stringify(results, null, 2)}\n`)
  return results.some((result) => result.state === 'fail') ? 1 : 0
}

function systemOf(context: CommandContext): DoctorSystem {
  return {
    uid: context.uid,
    gid: process.getgid?.() ?? 0,
    env: context.env,
    nodeVersion: process.versions.node,
    kernelRelease: release(),
    nowMs: Date.now,
    devicePath: '/dev/fuse',
    fuseConfPath: '/etc/fuse.conf',
    procPath: '/proc',
    selinuxPath: '/sys/fs/selinux',
    osReleasePath: '/etc/os-release',
  }
}

/** A check that cannot be made is a finding as well; the others go on. */
async function runCheck(check: Check, system: DoctorSystem, config: Config): Promise<Finding> {
  try {
    return await check.run(system, config)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return fail(`could not be checked: ${message}`, { text: 'mend that first, then check again' })
  }
}

const marks = { ok: 'ok  ', warn: 'warn', fail: 'FAIL', skip: '-   ' } as const

function render({ check, state, summary, advice }: Result): string {
  const lines = [`${marks[state]}  ${check.padEnd(13)} ${summary}`]
  if (advice) lines.push(`      to mend it: ${advice.text}`)
  if (advice?.command) {
    lines.push(`      ${advice.asRoot ? '(as root) ' : ''}${advice.command}`)
  }
  return `${lines.join('\n')}\n`
}
