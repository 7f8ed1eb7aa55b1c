import type { CommandContext } from '../command-spec.js'
import { packageVersion } from '../version.js'

export async function run(context: CommandContext): Promise<number> {
  context.print(`cassfs ${packageVersion()}\n`)
  return 0
}
