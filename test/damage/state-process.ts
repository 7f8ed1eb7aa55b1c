/** Opens one state folder after another, as it is told, in a process that damage may end. */
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.js'
import { runFsck } from '../support/fsck.js'
import { readState, type Seen, type StateCase } from './state.js'

export interface Asked extends StateCase {
  readonly what: 'read' | 'check'
}

export type Answered =
  | { readonly kind: 'seen'; readonly seen: Seen }
  | { readonly kind: 'checked'; readonly findings: readonly string[] }
  | { readonly kind: 'refused'; readonly name: string; readonly message: string }

async function answer(asked: Asked): Promise<Answered> {
  if (asked.what === 'read') return { kind: 'seen', seen: await readState(asked) }
  const { directory } = asked.store
  const store = await openLmdbStore({ directory, housekeeping: false })
  try {
    const { findings } = await runFsck(store, { ...asked.identity, readBlocks: true })
    return { kind: 'checked', findings }
  } finally {
    await store.close()
  }
}

process.on('message', (asked: Asked) => {
  answer(asked).then(
    (answered) => process.send?.(answered),
    (error: unknown) => {
      const { name, message } = error instanceof Error ? error : new Error(String(error))
      process.send?.({ kind: 'refused', name, message } satisfies Answered)
    },
  )
})
process.on('disconnect', () => process.exit(0))
