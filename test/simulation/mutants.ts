// The replica with one of its rules broken, each in the way somebody might think good enough. The
// simulation must notice every one of them; else it proves nothing about the whole replica either.

import type { Draft } from '../../src/replica/namespace.js'
import { protocol as soundProtocol } from '../../src/replica/protocol.js'
import { encodedValue } from '../../src/replica/records.js'
import type { Rules } from '../../src/replica/replica.js'
import type { Commit } from '../../src/store/store.js'
import { defaultScenario, type Scenario } from './scenario.js'
import { type TimedIntent, treeRules } from './tree-rules.js'

export interface Mutant {
  readonly name: string
  readonly scenario: Partial<Scenario>
  /** Of a run that is known to notice it: tried before any other. */
  readonly seed?: number
}

const restored: Partial<Scenario> = {
  workMs: 200_000,
  restoreEveryMs: 30_000,
  cutEveryMs: 0,
  stopEveryMs: 0,
  killEveryMs: 0,
  expireEveryMs: 0,
}

let lastRequest = 0

/** The same change once more, but as a new request: the log cannot tell that both are one. */
function asNewRequest(commit: Commit): Commit {
  const request = `ffffffff-0000-4000-8000-${(++lastRequest).toString(16).padStart(12, '0')}`
  const { entry } = commit
  return { ...commit, entry: { ...entry, request, head: { ...entry.head, request } } }
}

/** Checks when a change is queued; when it is tried again, does what it did then, whatever is there. */
function withoutChecksOnReplay(rules: Rules<TimedIntent>): Rules<TimedIntent> {
  const first = new WeakMap<TimedIntent, { steps: ((draft: Draft) => void)[]; value: unknown }>()
  return {
    ...rules,
    apply(intent, draft) {
      const known = first.get(intent)
      if (known) {
        for (const step of known.steps) step(draft)
        return known.value
      }
      const steps: ((draft: Draft) => void)[] = []
      const value = rules.apply(intent, recording(draft, steps))
      first.set(intent, { steps, value })
      return value
    },
  }
}

function recording(draft: Draft, steps: ((draft: Draft) => void)[]): Draft {
  const note = (step: (draft: Draft) => void): void => {
    steps.push(step)
    step(draft)
  }
  return {
    get head() {
      return draft.head
    },
    inode: (ino) => draft.inode(ino),
    lookup: (parent, name) => draft.lookup(parent, name),
    list: (parent, after, limit) => draft.list(parent, after, limit),
    names: (ino) => draft.names(ino),
    parentOf: (ino) => draft.parentOf(ino),
    setInode: (inode) => note((to) => to.setInode(inode)),
    link: (parent, name, dirent) => note((to) => to.link(parent, name, dirent)),
    unlink: (parent, name) => note((to) => to.unlink(parent, name)),
    removeInode: (ino) => note((to) => to.removeInode(ino)),
  }
}

export const mutants: readonly Mutant[] = [
  {
    name: 'an unknown change is sent again as a new request',
    scenario: { protocol: { ...soundProtocol, resend: asNewRequest } },
  },
  {
    name: 'an unknown change is voided without being sent again',
    scenario: { protocol: { ...soundProtocol, resend: () => undefined } },
  },
  {
    name: 'entries are taken without looking at their chain',
    scenario: { ...restored, protocol: { ...soundProtocol, continues: () => true } },
  },
  {
    name: 'a change that lost a race is sent again without its checks',
    scenario: { rules: withoutChecksOnReplay(treeRules) },
  },
  {
    name: 'a batch has a statement for each change of a key',
    scenario: {
      protocol: {
        ...soundProtocol,
        merge: (writes) => ({
          puts: writes.flatMap((write) => {
            const value = encodedValue(write)
            return value ? [{ ...write, value }] : []
          }),
          deletes: writes.filter(({ value }) => !value),
        }),
      },
    },
  },
]

/** What the sound replica goes through in the same tests. */
export const scenarios: readonly { name: string; scenario: Partial<Scenario> }[] = [
  { name: 'cuts, stops, kills and an expiring log', scenario: {} },
  { name: 'mounts that share the tables of the engine', scenario: { sharing: 4 } },
  { name: 'mounts of both kinds', scenario: { sharing: 2 } },
  { name: 'mounts that load behind', scenario: { loadsBehind: true, killEveryMs: 8000 } },
  {
    name: 'mounts that keep their copies',
    scenario: { keepsCopies: true, loadsBehind: true, killEveryMs: 8000 },
  },
  { name: 'one mount alone', scenario: { mounts: 1, programs: 6 } },
  { name: 'a slow store', scenario: { faults: { ...defaultScenario.faults, delayMsMax: 1200 } } },
  {
    name: 'small losses only',
    scenario: { cutEveryMs: 0, stopEveryMs: 0, killEveryMs: 0, expireEveryMs: 0 },
  },
  { name: 'a store that is restored from backups', scenario: restored },
]
