// What `cassfs fsck` and the process that checks for it say to each other, as JSON.

import type { CheckName } from '../maintenance/fsck/finding.js'
import type { FsckSummary } from '../maintenance/fsck/fsck.js'
import type { StoreConfig } from '../store/open-store.js'

export interface FsckOrder {
  readonly store: StoreConfig
  readonly stateDir: string
  readonly owner: string
  /** Undefined: all of the owner. */
  readonly environment: string | undefined
  readonly readBlocks: boolean
}

/** `environment` is absent where it is about all of an owner. */
export type FsckWord =
  | {
      readonly kind: 'finding'
      readonly environment?: string
      readonly check: CheckName
      /** A byte string. */
      readonly path?: string
      readonly message: string
    }
  | { readonly kind: 'note'; readonly environment?: string; readonly message: string }
  | {
      readonly kind: 'progress'
      readonly environment?: string
      readonly what: string
      readonly done: number
    }
  | { readonly kind: 'checked'; readonly environment: string; readonly summary: FsckSummary }
  /** It cannot be checked. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'done' }
