// Acts that make the kernel send the requests on open directories.

import fs from 'node:fs'
import { type Act, FIRST_HANDLE, makeFile, O_LARGEFILE } from './act.js'

const { O_RDONLY, O_DIRECTORY } = fs.constants

export const directories: readonly Act[] = [
  {
    opcode: 'OPENDIR',
    run: (dir) => fs.closeSync(fs.openSync(dir, O_RDONLY | O_DIRECTORY)),
    args: { flags: O_DIRECTORY | O_LARGEFILE, openFlags: 0 },
  },
  {
    opcode: 'READDIR',
    run: listed,
    result: ['file', 'other'],
    args: { fh: FIRST_HANDLE + 2, offset: 0, size: 32768 },
    dontAsk: ['DO_READDIRPLUS'],
  },
  {
    opcode: 'READDIRPLUS',
    run: listed,
    result: ['file', 'other'],
    args: { fh: FIRST_HANDLE + 2, offset: 0, size: 32768 },
  },
  {
    opcode: 'RELEASEDIR',
    run: (dir) => fs.closeSync(fs.openSync(dir, O_RDONLY | O_DIRECTORY)),
    args: {
      fh: FIRST_HANDLE,
      flags: O_DIRECTORY | O_LARGEFILE,
      releaseFlags: 0,
      lockOwner: undefined,
    },
  },
  {
    opcode: 'FSYNCDIR',
    run: (dir) => fs.fsyncSync(fs.openSync(dir, O_RDONLY | O_DIRECTORY)),
    args: { fh: FIRST_HANDLE, datasync: false },
  },
]

function listed(dir: string): string[] {
  makeFile(dir, 'file', '')
  makeFile(dir, 'other', '')
  return fs.readdirSync(dir)
}
