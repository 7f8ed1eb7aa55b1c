// The version of this package, as its package.json has it.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

export function packageVersion(): string {
  let folder = import.meta.dirname
  while (!existsSync(path.join(folder, 'package.json')) && folder !== '/') {
    folder = path.dirname(folder)
  }
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  return String(version)
}
