// The process that checks: LMDB ends a process that reads a data file which is damaged enough, and the command is
// to tell that as well.

import { listEnvironments } from '../environments/list-environments.js'
import { openEnvironment } from '../environments/open-environment.js'
import type { Report } from '../maintenance/fsck/finding.js'
import { checkFile, checkOwner, checkVolume } from '../maintenance/fsck/fsck.js'
import { receiveOrder } from '../mount/background.js'
import { journalFolder } from '../rescue/journals-aside.js'
import { openStore } from '../store/open-store.js'
import { type Store, StoreDamaged } from '../store/store.js'
import { isFromLmdb } from '../tables/lmdb-error.js'
import type { FsckOrder, FsckWord } from './fsck-order.js'
import { describeError } from './report-error.js'

const progressMs = 200

const order = (await receiveOrder()) as FsckOrder
process.once('disconnect', () => process.exit(3))
const last = await check(order).catch((error: unknown): FsckWord => {
  if (error instanceof StoreDamaged) tellFile(error.message)
  else if (isFromLmdb(error)) tellFile(`the store's data file: ${messageOf(error)}`)
  else return { kind: 'failed', message: describeError(error, false).join('; ') }
  return { kind: 'done' }
})
process.send?.(last, () => process.exit(0))

function say(word: FsckWord): void {
  process.send?.(word)
}

function tellFile(message: string): void {
  say({ kind: 'finding', check: 'file', message })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function check({ store: config, owner, environment, ...rest }: FsckOrder): Promise<FsckWord> {
  const store = await openStore(config)
  try {
    const names = environment === undefined ? await checkable(store, owner) : [environment]
    checkFile(store, reportOn(undefined))
    let ownerId: string | undefined
    for (const name of names) ownerId = await checkOne(store, owner, name, rest)
    if (ownerId !== undefined) await checkOwner(store, ownerId, reportOn(undefined))
    return { kind: 'done' }
  } finally {
    await store.close()
  }
}

/** Answers the owner's id. */
async function checkOne(
  store: Store,
  owner: string,
  name: string,
  { readBlocks, stateDir }: Pick<FsckOrder, 'readBlocks' | 'stateDir'>,
): Promise<string> {
  const { volume, ownerId } = await openEnvironment(store, owner, name, undefined)
  const journalDirectory = journalFolder(stateDir, volume)
  const options = { volume, owner: ownerId, readBlocks, journalDirectory }
  const summary = await checkVolume(store, options, reportOn(name))
  say({ kind: 'checked', environment: name, summary })
  return ownerId
}

async function checkable(store: Store, owner: string): Promise<string[]> {
  const found = await listEnvironments(store, owner)
  const isThere = (state: string) => state === 'live' || state === 'frozen'
  for (const { environment, state } of found.filter((each) => !isThere(each.state)))
    say({ kind: 'note', environment, message: `it is ${state}, and was not checked` })
  return found.flatMap(({ environment, state }) => (isThere(state) ? [environment] : []))
}

function reportOn(environment: string | undefined): Report {
  const where = environment === undefined ? {} : { environment }
  let toldMs = 0
  return {
    finding({ check, path, message }) {
      say({ kind: 'finding', ...where, check, message, ...(path === undefined ? {} : { path }) })
    },
    note: (message) => say({ kind: 'note', ...where, message }),
    progress(what, done) {
      if (performance.now() - toldMs < progressMs) return
      toldMs = performance.now()
      say({ kind: 'progress', ...where, what, done })
    },
  }
}
