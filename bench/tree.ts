/**
 * `node .build/test/bench/tree.js [--on LIST] [--rounds N] [--warm N] [--json FILE]`
 * Times the tree on several file systems of one disk, as root. LIST is of ext4, bindfs, empty,
 * cassfs, cassandra (default: all that can be had here). Each round visits all systems, in
 * another order; the table shows medians and how many times those of the first system. `--warm`: so many
 * rounds before, which do not count: a server just started still compiles what it runs.
 */
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { run, shell } from '../test/support/process.js'
import { openTarget, type Target, type TargetName, targetMissing } from '../test/support/target.js'
import { createRandom } from '../test/support/tree.js'
import { type Figures, record, renderTable, toJson } from './figures.js'
import { type Site, STEPS } from './steps.js'
import { countTree, fetchTreeArchive } from './tree-archive.js'

const EXT4_MAGIC = 0xef53
const SYSTEMS: Record<string, TargetName> = {
  ext4: 'dir',
  bindfs: 'bindfs',
  empty: 'empty',
  cassfs: 'cassfs',
  cassandra: 'cassandra',
}

interface System {
  name: string
  target: Target
}

async function openSystems(names: string[], isChosen: boolean): Promise<System[]> {
  const systems: System[] = []
  for (const name of names) {
    const target = SYSTEMS[name]
    if (!target) throw new Error(`--on ${name}: allowed are ${Object.keys(SYSTEMS).join(', ')}`)
    const missing = await targetMissing(target)
    if (missing && isChosen) throw new Error(missing)
    if (missing) console.error(`without ${name}: ${missing}`)
    else systems.push({ name, target: await openTarget(target) })
  }
  return systems
}

/** Unpacks the archive once on the plain disk, to know what the others have to show. */
async function describeArchive(archive: string, dir: string): Promise<Site['tree']> {
  mkdirSync(dir)
  const settings = { env: { ...process.env, DIR: dir, ARCHIVE: archive } }
  const printed = await shell(
    `tar -C "$DIR" -xf "$ARCHIVE"; find "$DIR" -type f -printf '%s\\n' | awk '{ s += $1 } END { print s }'`,
    settings,
  )
  const counts = await countTree(dir)
  rmSync(dir, { recursive: true })
  return { ...counts, bytes: Number(printed) }
}

async function runRound(system: System, round: number, site: Omit<Site, 'dir'>, figures: Figures) {
  const dir = join(system.target.dir, `round${round}`)
  mkdirSync(dir)
  await run('sync', ['-f', system.target.workDir]) // what the system before has written must not be written now
  for (const step of STEPS) {
    const here = { ...site, dir }
    await step.prepare?.(here)
    const start = performance.now()
    await step.measure(here)
    record(figures, system.name, step.name, performance.now() - start)
  }
}

function shuffle<T>(list: readonly T[], random: (n: number) => number): T[] {
  const shuffled = [...list]
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = random(at + 1)
    const moved = shuffled[at] as T
    shuffled[at] = shuffled[other] as T
    shuffled[other] = moved
  }
  return shuffled
}

async function measure(
  systems: System[],
  rounds: number,
  warm: number,
): Promise<[Figures, Site['tree']]> {
  const archive = await fetchTreeArchive()
  const plain = systems[0]?.target.workDir ?? ''
  const tree = await describeArchive(archive, join(plain, 'plain'))
  const noFigures = (): Figures => new Map(systems.map(({ name }) => [name, new Map()]))
  const [figures, uncounted] = [noFigures(), noFigures()]
  const random = createRandom(1)
  for (let round = 0; round < warm + rounds; round++)
    for (const system of shuffle(systems, random)) {
      const which = round < warm ? 'warm-up' : `round ${round - warm + 1} of ${rounds}`
      console.error(`${which}: ${system.name}`)
      await runRound(system, round, { archive, tree }, round < warm ? uncounted : figures)
    }
  return [figures, tree]
}

function describeMachine(): string {
  const cores = cpus()
  return `${cores.length} cores ${cores[0]?.model ?? ''}, Linux ${release()}, Node ${process.version}`
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      on: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      warm: { type: 'string', default: '0' },
      json: { type: 'string' },
    },
  })
  if (process.getuid?.() !== 0) throw new Error('must run as root: it drops the kernel caches')
  const names = values.on?.split(',') ?? Object.keys(SYSTEMS)
  const systems = await openSystems(names, values.on !== undefined)
  try {
    const workDir = systems[0]?.target.workDir ?? '/'
    if (statfsSync(workDir).type !== EXT4_MAGIC) console.error(`note: ${workDir} is not on ext4`)
    const [figures, tree] = await measure(systems, Number(values.rounds), Number(values.warm))
    const { files, directories, symlinks, bytes } = tree
    const what = `${files} files, ${directories} directories, ${symlinks} symlinks, ${bytes} bytes`
    console.log(
      `${describeMachine()}\n${what}; ${values.rounds} rounds after ${values.warm} that do not count\n${renderTable(figures)}`,
    )
    const result = { machine: describeMachine(), tree, systems: toJson(figures) }
    if (values.json) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`)
  } finally {
    for (const { target } of systems) await target.close()
  }
}

await main()
