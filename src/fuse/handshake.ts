// INIT: what the kernel offers, what we ask for, what holds for the life of the mount.

/** What kernel and server agreed on. */
export interface Negotiated {
  /** The protocol's minor version: the smaller of the kernel's and ours. */
  readonly minor: number
  /** FUSE_* bits of INIT that hold, bits 0-31 and 32-63; test with `has`. */
  readonly flags: number
  readonly flags2: number
  /** Largest data of one WRITE, in bytes. */
  readonly maxWrite: number
  readonly maxReadahead: number
  readonly maxBackground: number
}
