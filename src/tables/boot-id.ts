// Tells one start of the machine from every other.

import { readFileSync } from 'node:fs'

export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
}
