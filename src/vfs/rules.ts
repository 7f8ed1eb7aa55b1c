// What each kind of intent means, for the replica: which file holds its preparation and its effect.

import type { ContentStore } from '../content/content.js'
import type { Draft } from '../replica/namespace.js'
import type { Rules } from '../replica/replica.js'
import { applyCreate } from './intents/create.js'
import type { Intent } from './intents/intent.js'
import { applyLink } from './intents/link.js'
import { applyRename } from './intents/rename.js'
import { replyAgain } from './intents/reply.js'
import { applyAdopt, applySave, letGo, prepareSave, uploadSave } from './intents/save.js'
import { applySetattr } from './intents/setattr.js'
import { applySetxattr, prepareSetxattr } from './intents/setxattr.js'
import { applyRmdir, applyUnlink } from './intents/unlink.js'
import { encodeIntent, isSave, readIntent } from './journaled-intent.js'

/** Handed to openReplica. `content` uploads what saves and large attributes need. */
export function createRules(content: ContentStore): Rules<Intent> {
  return {
    prepare(intent, namespace, why) {
      if (isSave(intent)) return prepareSave(content, intent, namespace, why)
      if (intent.kind === 'setxattr')
        return prepareSetxattr(content, intent, namespace, why.missing)
      return undefined
    },
    apply,
    replyAgain,
    upload: (intent, isAnswered) =>
      isSave(intent) ? uploadSave(content, intent, isAnswered) : undefined,
    isStored: (intent) => !isSave(intent) || !intent.blocks.some((block) => content.isHeld(block)),
    ended(intent) {
      if (isSave(intent)) letGo(content, intent)
    },
    journal: {
      encode: encodeIntent,
      decode: readIntent,
      hold(intent) {
        if (isSave(intent)) for (const block of intent.blocks) content.hold(block)
      },
    },
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
