// What must be true when everything has come to rest: each change answered as done is in the log once,
// each that failed is not, the log carried out by a model has the effects that were answered, and every
// copy shows what the log says.

import { Errno } from '../../src/posix/errno.js'
import type { Namespace } from '../../src/replica/namespace.js'
import { EntryKind } from '../../src/volume/log-entry.js'
import type { Asked } from './asked.js'
import { Model } from './model.js'
import { textOf } from './tree-rules.js'
import type { Taken, World } from './world.js'

const S_IFDIR = 0o040000

/** Complaints; empty where all is well. */
export function judge(
  world: World,
  asked: readonly Asked[],
  copies: readonly Namespace[],
): string[] {
  const complaints: string[] = []
  const complain = (what: string): void => {
    if (complaints.length < 20) complaints.push(what)
  }
  const places = placesOf(world.history)
  const rolledBack = placesOf(world.rolledBack)
  for (const one of asked) {
    const id = idOf(one)
    judgeOne(one, places.get(id) ?? [], rolledBack.get(id) ?? [], complain)
  }
  const model = replay(world, new Map(asked.map((one) => [idOf(one), one])), complain)
  const expected = model.lines()
  copies.forEach((copy, at) => {
    const difference = firstDifference(expected, linesOf(copy))
    if (difference) complain(`copy ${at} differs from the log: ${difference}`)
    if (copy.head.seq !== world.seq) complain(`copy ${at} is at ${copy.head.seq}, not ${world.seq}`)
  })
  return complaints
}

function judgeOne(
  one: Asked,
  seqs: readonly number[],
  lostSeqs: readonly number[],
  complain: (what: string) => void,
): void {
  const what = `${idOf(one)} (${JSON.stringify(one.intent)})`
  const { outcome } = one
  if (seqs.length > 1) complain(`${what} is in the log ${seqs.length} times: ${seqs}`)
  if (outcome.kind === 'failed' && outcome.errno !== Errno.EIO && seqs.length > 0)
    complain(`${what} failed with ${outcome.errno}, but is in the log at ${seqs}`)
  if (outcome.kind !== 'done') return
  if (one.isLost && seqs.length > 0) complain(`${what} is lost, but is in the log at ${seqs}`)
  if (seqs.length + lostSeqs.length === 0 && mustChange(one) && !one.isLost && !one.isKept)
    complain(`${what} was answered as done, but is not in the log, and nobody was told`)
  for (const seq of lostSeqs.length === 0 && !outcome.isEarly ? seqs : [])
    if (outcome.seqShown < seq)
      complain(`${what} was answered at ${outcome.seqShown}, before ${seq} was shown`)
}

/** Where it was not answered that nothing had to be done. */
function mustChange({ intent, outcome }: Asked): boolean {
  if (intent.op === 'create') return outcome.kind === 'done' && outcome.ino === intent.ino
  return intent.op !== 'rename'
}

function replay(
  world: World,
  asked: ReadonlyMap<string, Asked>,
  complain: (what: string) => void,
): Model {
  const model = new Model()
  world.history.forEach(({ entry }, at) => {
    if (entry.seq !== at + 1) complain(`entry ${at + 1} of the log has seq ${entry.seq}`)
    if (entry.kind !== EntryKind.change) return
    for (const { mount, unique } of entry.answers) {
      const one = asked.get(`${mount}.${unique}`)
      if (!one) complain(`entry ${entry.seq} answers ${mount}.${unique}, which nobody asked`)
      else judgeEffect(one, model.apply(one.intent), entry.seq, complain)
    }
  })
  return model
}

function judgeEffect(
  one: Asked,
  effect: number,
  seq: number,
  complain: (what: string) => void,
): void {
  const { intent, outcome } = one
  const what = `${idOf(one)} (${JSON.stringify(intent)}) at ${seq}`
  if (effect < 0) complain(`${what} could not be done there: errno ${-effect}`)
  else if (outcome.kind === 'done' && outcome.ino !== effect)
    complain(`${what} was answered inode ${outcome.ino}, but it was ${effect}`)
}

function placesOf(history: readonly Taken[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (const { entry } of history)
    for (const { mount, unique } of entry.answers) {
      const id = `${mount}.${unique}`
      places.set(id, [...(places.get(id) ?? []), entry.seq])
    }
  return places
}

function linesOf(namespace: Namespace): string[] {
  const lines: string[] = []
  const entered = new Set<number>()
  const walk = (parent: number, path: string): void => {
    if (entered.has(parent)) return void lines.push(`${path} is inode ${parent} once more`)
    entered.add(parent)
    for (const { name, ino, type } of namespace.list(parent, undefined, 100_000)) {
      const inode = namespace.inode(ino)
      const what =
        type === S_IFDIR ? 'directory' : `${inode?.nlink} ${inode ? textOf(inode) : 'nothing'}`
      lines.push(`${path}/${name} ${ino} ${what}`)
      if (type === S_IFDIR) walk(ino, `${path}/${name}`)
    }
  }
  walk(1, '')
  return lines.sort()
}

function firstDifference(expected: readonly string[], actual: readonly string[]): string {
  const length = Math.max(expected.length, actual.length)
  for (let at = 0; at < length; at++)
    if (expected[at] !== actual[at]) return `${expected[at] ?? '-'} | ${actual[at] ?? '-'}`
  return ''
}

function idOf({ mount, unique }: Asked): string {
  return `${mount}.${unique}`
}
