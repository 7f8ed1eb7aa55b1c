// What callers get while the store does not answer. Its cause tells it from the other meanings of EIO: what
// comes next fails as well.

import { Errno, FsError } from '../posix/errno.js'
import { StoreUnavailable } from '../store/store.js'

export function storeAway(message = 'the store does not answer'): FsError {
  return new FsError(Errno.EIO, message, { cause: new StoreUnavailable(message) })
}
