// What a check of `cassfs doctor` is, and what it may look at. A check changes nothing and never touches
// a mount; everything it reads of the system comes through DoctorSystem, so that each can be shown
// failing.

import type { Config } from '../../config/schema.js'

export interface DoctorSystem {
  readonly uid: number
  readonly gid: number
  readonly env: Readonly<Record<string, string | undefined>>
  readonly nodeVersion: string
  readonly kernelRelease: string
  readonly nowMs: () => number
  readonly devicePath: string
  readonly fuseConfPath: string
  readonly procPath: string
  readonly selinuxPath: string
  readonly osReleasePath: string
}

/** How to mend something. */
export interface Advice {
  readonly text: string
  /** A line of shell that mends it. */
  readonly command?: string
  /** It takes root to run the command. */
  readonly asRoot?: boolean
}

export interface Finding {
  readonly state: 'ok' | 'warn' | 'fail' | 'skip'
  readonly summary: string
  readonly advice?: Advice
}

export interface Check {
  readonly name: string
  run(system: DoctorSystem, config: Config): Promise<Finding>
}

export const ok = (summary: string): Finding => ({ state: 'ok', summary })
export const skip = (summary: string): Finding => ({ state: 'skip', summary })
export const warn = (summary: string, advice: Advice): Finding => ({
  state: 'warn',
  summary,
  advice,
})
export const fail = (summary: string, advice: Advice): Finding => ({
  state: 'fail',
  summary,
  advice,
})

/** A word of a shell command, quoted where it has to be. */
export function quoteForShell(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
