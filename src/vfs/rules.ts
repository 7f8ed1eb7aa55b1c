// What each kind of intent means, for the replica: which file holds its preparation and its effect.

import type { ContentStore } from '../content/content.js'
import type { Draft } from '../replica/namespace.js'
import type { Rules } from '../replica/replica.js'
import { applyCreate } from './intents/create.js'
import type { Intent } from './intents/intent.js'
import { applyLink } from './intents/link.js'
import { applyRename } from './intents/rename.js'
import { applyAdopt, applySave, prepareSave } from './intents/save.js'
import { applySetattr } from './intents/setattr.js'
import { applySetxattr, prepareSetxattr } from './intents/setxattr.js'
import { applyRmdir, applyUnlink } from './intents/unlink.js'
import { decodeIntent, encodeIntent } from './journaled-intent.js'

/** Handed to openReplica. `content` uploads what saves and large attributes need. */
export function createRules(content: ContentStore): Rules<Intent> {
  return {
    prepare(intent, namespace, missing) {
      if (intent.kind === 'save' || intent.kind === 'adopt')
        return prepareSave(content, intent, namespace, missing)
      if (intent.kind === 'setxattr') return prepareSetxattr(content, intent, namespace, missing)
      return undefined
    },
    apply,
    upload: createUploads(content),
    journal: { encode: (intent) => encodeIntent(content, intent), decode: decodeIntent },
  }
}

/** The blocks of changes that come from a journal: each is stored once more before it is named. */
function createUploads(content: ContentStore): (intent: Intent) => Promise<void> | undefined {
  const uploads = new WeakMap<Intent, Promise<void> | 'done'>()
  return (intent) => {
    if (intent.kind !== 'save' && intent.kind !== 'adopt') return undefined
    if (intent.snapshot || !intent.block) return undefined
    const known = uploads.get(intent)
    if (known) return known === 'done' ? undefined : known
    const upload = content.putBlock(intent.block.plain)
    uploads.set(intent, upload)
    upload.then(
      () => uploads.set(intent, 'done'),
      () => uploads.delete(intent),
    )
    return upload
  }
}

function apply(intent: Intent, draft: Draft): unknown {
  switch (intent.kind) {
    case 'create':
      return applyCreate(intent, draft)
    case 'unlink':
      return applyUnlink(intent, draft)
    case 'rmdir':
      return applyRmdir(intent, draft)
    case 'rename':
      return applyRename(intent, draft)
    case 'link':
      return applyLink(intent, draft)
    case 'setattr':
      return applySetattr(intent, draft)
    case 'setxattr':
      return applySetxattr(intent, draft)
    case 'save':
      return applySave(intent, draft)
    case 'adopt':
      return applyAdopt(intent, draft)
  }
}
