// What a program does next, by a seed: whatever POSIX lets succeed in the state that its folder is in.

import { type Operation, type State, stepsOf, temporaryName } from './steps.js'

type Random = (n: number) => number

const sizes = [0, 1, 100, 512, 513, 3000, 5000, 20_000, 70_000, 150_000, 300_000]
const largeSizes = [1_000_000, 5_000_000]
const files = 8
const folders = 3

export function chooseOperation(state: State, random: Random): Operation {
  for (;;) {
    const make = choices[random(choices.length)] as (state: State, random: Random) => Operation
    const operation = make(state, random)
    if (isAllowed(state, operation)) return operation
  }
}

function fileName(state: State, random: Random): string {
  const inside = ['', ...namesOf(state, 'directory')]
  const folder = inside[random(inside.length)] as string
  return `${folder ? `${folder}/` : ''}f${random(files)}`
}

function namesOf(state: State, kind: string): string[] {
  return [...state].filter(([, entry]) => entry.kind === kind).map(([name]) => name)
}

function sizeOf(random: Random): number {
  if (random(40) === 0) return largeSizes[random(largeSizes.length)] as number
  return sizes[random(sizes.length)] as number
}

function content(random: Random): { seed: number; size: number } {
  return { seed: random(1 << 30), size: sizeOf(random) }
}

const choices: ((state: State, random: Random) => Operation)[] = [
  ...[1, 2, 3, 4].map(
    () => (state: State, random: Random) =>
      ({
        kind: 'save',
        name: fileName(state, random),
        ...content(random),
        isSynced: random(6) === 0,
      }) as const,
  ),
  ...(['append', 'replace', 'append', 'replace'] as const).map(
    (kind) => (state: State, random: Random) =>
      ({
        kind,
        name: fileName(state, random),
        ...content(random),
        isSynced: random(6) === 0,
      }) as const,
  ),
  (state, random) => {
    const at = random(2) === 0 ? random(2000) : random(400_000)
    return { kind: 'patch', name: fileName(state, random), at, ...content(random) }
  },
  (state, random) => ({ kind: 'truncate', name: fileName(state, random), size: random(100_000) }),
  (state, random) => ({
    kind: 'rename',
    name: fileName(state, random),
    to: fileName(state, random),
  }),
  (_, random) => ({ kind: 'rename', name: `d${random(folders)}`, to: `d${random(folders)}` }),
  (state, random) => ({
    kind: 'exchange',
    name: fileName(state, random),
    to: fileName(state, random),
  }),
  (state, random) => ({ kind: 'link', name: fileName(state, random), to: fileName(state, random) }),
  (state, random) => ({ kind: 'adopt', name: fileName(state, random), ...content(random) }),
  (state, random) => ({ kind: 'unlink', name: fileName(state, random) }),
  (state, random) => ({ kind: 'unlink', name: fileName(state, random) }),
  (_, random) => ({ kind: 'mkdir', name: `d${random(folders)}` }),
  (_, random) => ({ kind: 'mkdir', name: `d${random(folders)}` }),
  (_, random) => ({ kind: 'rmdir', name: `d${random(folders)}` }),
  (state, random) => ({ kind: 'symlink', name: fileName(state, random), to: `to ${random(100)}` }),
  (state, random) => ({
    kind: 'chmod',
    name: fileName(state, random),
    mode: [0o600, 0o640, 0o4711][random(3)] as number,
  }),
  (state, random) => ({
    kind: 'setxattr',
    name: fileName(state, random),
    seed: random(1 << 30),
    size: [1, 300, 5000, 40_000][random(4)] as number,
  }),
  () => ({ kind: 'syncdir' }),
]

/** Whether it succeeds: what is refused shows nothing of crashes. */
function isAllowed(state: State, operation: Operation): boolean {
  if (operation.kind === 'syncdir') return true
  const { kind, name } = operation
  const at = state.get(name)?.kind
  const isEmpty = ![...state.keys()].some((other) => other.startsWith(`${name}/`))
  switch (kind) {
    case 'save':
    case 'append':
    case 'patch':
      return at === undefined || at === 'file'
    case 'replace':
      return at !== 'directory' && !state.has(temporaryName(name))
    case 'truncate':
    case 'setxattr':
    case 'chmod':
      return at === 'file'
    case 'unlink':
      return at === 'file' || at === 'symlink'
    case 'rmdir':
      return at === 'directory' && isEmpty
    case 'rename':
      if (at === undefined || name === operation.to) return false
      return at === 'directory'
        ? !state.has(operation.to)
        : state.get(operation.to)?.kind !== 'directory'
    case 'exchange':
      return at !== undefined && state.has(operation.to) && name !== operation.to
    case 'link':
      return at === 'file' && !state.has(operation.to)
    default:
      return at === undefined
  }
}

/** The state that it leads to. */
export function after(state: State, operation: Operation): State {
  return stepsOf(state, operation).at(-1) as State
}
