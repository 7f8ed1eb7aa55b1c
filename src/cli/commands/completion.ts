// `cassfs completion bash|zsh|fish`.

import type { CommandContext } from '../command-spec.js'
import { renderBash } from '../completion/bash.js'
import { renderFish } from '../completion/fish.js'
import { renderZsh } from '../completion/zsh.js'
import { UsageError } from '../usage-error.js'

const renderers: Readonly<Record<string, () => string>> = {
  bash: renderBash,
  zsh: renderZsh,
  fish: renderFish,
}

export async function run(
  context: CommandContext,
  [shell = '']: readonly string[],
): Promise<number> {
  const render = renderers[shell]
  if (!render) {
    const shells = Object.keys(renderers).join(', ')
    throw new UsageError(`completion for "${shell}" is not there; allowed: ${shells}`)
  }
  context.print(render())
  return 0
}
