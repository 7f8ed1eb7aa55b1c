// Numbers and times as people read them.

import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  S_ISGID,
  S_ISUID,
  S_ISVTX,
} from '../../posix/mode.js'

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** `1536` is `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  return `${value.toFixed(digits)} ${units[unit]}`
}

/** How long something lasts, in its two largest units: `3d 4h`, `12m 5s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([value]) => value > 0)
  if (first < 0) return '0s'
  const shown = parts.slice(first, first + 2).filter(([value]) => value > 0)
  return shown.map(([value, unit]) => `${value}${unit}`).join(' ')
}

/** `2024-05-06 07:08:09` in the local time zone. */
export function formatTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}

const typeLetters = new Map<number, string>([
  [S_IFIFO, 'p'],
  [S_IFCHR, 'c'],
  [S_IFDIR, 'd'],
  [S_IFBLK, 'b'],
  [S_IFREG, '-'],
  [S_IFLNK, 'l'],
  [S_IFSOCK, 's'],
])

/** A mode as `ls -l` shows it: `drwxr-xr-x`. */
export function formatMode(mode: number): string {
  const bits = [6, 3, 0].map((shift) => {
    const value = (mode >> shift) & 7
    return `${value & 4 ? 'r' : '-'}${value & 2 ? 'w' : '-'}${value & 1 ? 'x' : '-'}`
  })
  const [user = '', group = '', other = ''] = bits
  return [
    typeLetters.get(mode & S_IFMT) ?? '?',
    withSpecial(user, mode & S_ISUID, 's'),
    withSpecial(group, mode & S_ISGID, 's'),
    withSpecial(other, mode & S_ISVTX, 't'),
  ].join('')
}

function withSpecial(bits: string, isSet: number, letter: string): string {
  if (!isSet) return bits
  return bits.slice(0, 2) + (bits[2] === 'x' ? letter : letter.toUpperCase())
}
