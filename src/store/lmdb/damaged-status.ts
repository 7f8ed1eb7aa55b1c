/** Exit status of read-through.ts: LMDB itself says that the file is damaged. */
export const damagedStatus = 65
