/**
 * Every file below a state folder, damaged in every way: what can be made again is, what cannot is refused or
 * kept aside, and nobody is shown anything wrong. CASSFS_SEED=<number> repeats the random places of a run;
 * CASSFS_DAMAGES=<number> tries more of them.
 */
import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import {
  emptied,
  type FileDamage,
  flipped,
  folderInstead,
  halved,
  pages,
  removed,
  scribbled,
  shorter,
  swapped,
  treeDamages,
} from './file-damages.js'
import {
  caseOf,
  copyIn,
  leaveJournal,
  makeState,
  type SoundState,
  withCopy,
} from './sound-state.js'
import { type Outcome, StateReader } from './state-reader.js'

const seed = Number(process.env.CASSFS_SEED ?? Math.floor(Math.random() * 2 ** 31))
const many = Number(process.env.CASSFS_DAMAGES ?? 4)

let scratch = ''
let sound: SoundState
let other: SoundState
let copied: SoundState
let otherCopied: SoundState
const reader = new StateReader()

before(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'cassfs-state-'))
  sound = await makeState(join(scratch, 'sound'))
  other = await makeState(join(scratch, 'other'))
  copied = await withCopy(sound, join(scratch, 'copied'))
  otherCopied = await withCopy(other, join(scratch, 'other-copied'))
})
after(() => {
  reader.close()
  rmSync(scratch, { recursive: true, force: true })
})

/** Damages a copy of `state`, opens it twice, tells both outcomes, and hands the folder to `look`. */
async function damaged(
  state: SoundState,
  path: string,
  damage: FileDamage,
  remote: boolean,
  look: (first: Outcome, second: Outcome, at: SoundState) => Promise<void> | void,
): Promise<void> {
  const folder = join(scratch, 'damaged')
  cpSync(state.folder, folder, { recursive: true })
  const at = { ...state, folder }
  try {
    damage.apply(join(folder, relative(state.folder, path)))
    const asked = { ...caseOf(at, remote), what: 'read' } as const
    const first = await reader.ask(asked)
    const second = await reader.ask(asked)
    await look(first, second, at)
  } catch (error) {
    const where = `${relative(state.folder, path)}, ${damage.name}, CASSFS_SEED=${seed}`
    throw new Error(`${where}: ${error instanceof Error ? error.message : error}`, { cause: error })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function mustShow(outcome: Outcome, state: SoundState, warningsMax: number): void {
  if (outcome.kind !== 'seen') assert.fail(JSON.stringify(outcome))
  assert.deepEqual(outcome.seen.tree, state.seen.tree)
  const { warnings } = outcome.seen
  assert.ok(warnings.length <= warningsMax, warnings.join('\n'))
}

test('a damaged copy of a volume is made anew, with one warning at most', async () => {
  const { slot, data } = copyIn(copied)
  const foreign = copyIn(otherCopied)
  const files: [string, FileDamage[]][] = [
    [join(data, 'data.mdb'), [...flipped(2 * many, seed), ...pages(2, seed, 'y'), removed]],
    [join(data, 'data.mdb'), [shorter(4096), swapped(join(foreign.data, 'data.mdb'))]],
    [join(data, 'lock.mdb'), [...flipped(1, seed + 1), removed]],
    [join(slot, 'state.json'), [...flipped(many, seed + 2), removed]],
    [join(slot, 'state.json'), [swapped(join(foreign.slot, 'state.json'))]],
    [join(slot, 'lock'), [removed]],
  ]
  for (const [path, more] of files)
    for (const damage of [...more, emptied, halved, scribbled, folderInstead])
      await damaged(copied, path, damage, true, (first, second) => {
        mustShow(first, copied, 1)
        // Where not even the lock can be had, that is told every time.
        mustShow(second, copied, path.endsWith('/lock') ? 1 : 0)
      })
})

test('a damaged journal is carried on as far as it can be read, and kept', async () => {
  const journaled = { ...sound, folder: join(scratch, 'journaled') }
  cpSync(sound.folder, journaled.folder, { recursive: true })
  const path = leaveJournal(journaled, 5)
  const foreign = leaveJournal({ ...other, folder: join(scratch, 'other-journaled') }, 3)
  const damages = [...flipped(3 * many, seed + 3), emptied, halved, shorter(5), scribbled]
  for (const damage of [...damages, swapped(foreign), folderInstead])
    await damaged(journaled, path, damage, false, (first, second, at) => {
      if (first.kind !== 'seen' || second.kind !== 'seen')
        assert.fail(JSON.stringify([first, second]))
      const names = Object.keys(first.seen.tree).filter((name) => name.startsWith('/journaled'))
      assert.deepEqual(
        names,
        names.map((_, n) => `/journaled${n}`),
        'the first ones, and none between is left out',
      )
      const rest = Object.entries(first.seen.tree).filter(([name]) => !names.includes(name))
      assert.deepEqual(Object.fromEntries(rest), sound.seen.tree)
      assert.deepEqual(second.seen.tree, first.seen.tree)
      if (names.length === 5) return
      const left = readdirSync(join(at.folder, 'journal', at.identity.volume))
      const isKept = damage === emptied || left.some((name) => path.endsWith(name.slice(0, 36)))
      assert.ok(isKept, `what could not be read is kept: ${left}`)
      if (damage !== emptied) assert.ok(first.seen.warnings.length > 0, 'and told')
    })
})

/** No checksum covers the few bytes of a file that its record holds: all else of it is as it was. */
function isBytesAlone(was: string, is = ''): boolean {
  const facts = (said: string) => said.slice(0, said.lastIndexOf(' '))
  const isInRecord = Number(was.split(' ')[1]) <= 512 || was === sound.seen.tree['/dir/log']
  return isInRecord && facts(was) === facts(is) && !is.includes('unreadable')
}

/** How it went, for the list that the test prints. */
function kindOf(outcome: Outcome, state: SoundState): string {
  if (outcome.kind === 'ended') return `ended by ${outcome.how.split(' ')[0]}`
  if (outcome.kind === 'refused') return 'refused'
  if (outcome.kind !== 'seen') return outcome.kind
  const wrong = Object.entries({ ...state.seen.tree, ...outcome.seen.tree }).filter(
    ([path]) => outcome.seen.tree[path] !== state.seen.tree[path],
  )
  if (wrong.length === 0) return 'as it was'
  if (wrong.every(([path, said]) => isBytesAlone(said, outcome.seen.tree[path])))
    return 'bytes that stand in a record are others'
  const isTold = wrong.every(([path]) => outcome.seen.tree[path]?.includes('unreadable'))
  return isTold ? 'files cannot be read' : 'shown wrong'
}

test('an embedded store whose files are damaged is refused, or shows what it was', async () => {
  const store = join(sound.folder, 'store')
  const files: [string, FileDamage[]][] = [
    ['data.mdb', [emptied, removed, halved, shorter(200 * 4096), scribbled, folderInstead]],
    ['data.mdb', [swapped(join(other.folder, 'store/data.mdb'))]],
    ['lock.mdb', [emptied, removed, halved, scribbled, folderInstead, ...flipped(1, seed)]],
    ['reserve', [emptied, removed, folderInstead]],
    ['opening', [removed, folderInstead]],
    ['writing', [removed, folderInstead]],
  ]
  for (const [name, damages] of files)
    for (const damage of damages)
      await damaged(sound, join(store, name), damage, false, (first, second, at) => {
        for (const outcome of [first, second]) {
          const kind = kindOf(outcome, sound)
          assert.match(kind, /^(as it was|refused)$/, JSON.stringify(outcome))
          if (outcome.kind === 'refused')
            assert.ok(
              outcome.message.includes(at.folder) || damage.name === "another volume's",
              outcome.message,
            )
        }
        if (name === 'data.mdb') assert.equal(kindOf(first, sound), 'refused')
      })
})

test('what LMDB does not see of a damaged data file, fsck does', async (t: TestContext) => {
  const path = join(sound.folder, 'store/data.mdb')
  const counts = new Map<string, number>()
  const damages = [
    ...[...flipped(many, seed + 4), ...pages(many, seed + 5, 'z')],
    ...treeDamages(2 * many, seed + 6),
    ...[...treeDamages(many, seed + 7, 'z'), ...treeDamages(many, seed + 8, '\0')],
  ]
  for (const damage of damages)
    await damaged(sound, path, damage, false, async (first, _second, at) => {
      const kind = kindOf(first, sound)
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      if (/^(as it was|refused|bytes that stand in a record)/.test(kind)) return
      const checked = await reader.ask({ ...caseOf(at), what: 'check' })
      const isFound = checked.kind !== 'checked' || checked.findings.length > 0
      assert.ok(isFound, `${kind}, and fsck finds nothing`)
    })
  t.diagnostic(`seed ${seed}: ${[...counts].map(([kind, n]) => `${n} ${kind}`).join(', ')}`)
})

test('a file in the place of a folder, or a folder in the place of a file, is told', async () => {
  for (const name of ['journal', 'rescue', 'replica', 'store', 'spool']) {
    const folder = join(scratch, 'in-place')
    cpSync(copied.folder, folder, { recursive: true })
    rmSync(join(folder, name), { recursive: true, force: true })
    writeFileSync(join(folder, name), 'a file')
    const state = { ...copied, folder }
    const outcome = await reader.ask({ ...caseOf(state, name !== 'store'), what: 'read' })
    const isRefused = outcome.kind === 'refused' && /EEXIST|ENOTDIR|file/.test(outcome.message)
    if (!isRefused) mustShow(outcome, state, 4)
    assert.equal(
      readFileSync(join(folder, name), 'utf8'),
      'a file',
      'nobody removes what is not theirs',
    )
    assert.ok(existsSync(folder))
    rmSync(folder, { recursive: true })
  }
})
