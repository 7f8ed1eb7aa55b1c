// Acts that make the kernel send the requests on names and nodes.

import fs from 'node:fs'
import { join } from 'node:path'
import { mkfifo } from '../../../src/native/make-node.js'
import { mount } from '../../../src/native/mount.js'
import { renameat2 } from '../../../src/native/rename.js'
import { ACT_UMASK, type Act, FIRST_NODE, makeFile } from './act.js'

const S_IFIFO = 0o010000
const MS_REMOUNT = 32

export const names: readonly Act[] = [
  {
    opcode: 'LOOKUP',
    run: (dir) => fs.existsSync(join(dir, 'ä name')),
    result: false,
    args: { name: Buffer.from('ä name').toString('latin1') },
  },
  {
    opcode: 'SYMLINK',
    run: (dir) => fs.symlinkSync('the/target', join(dir, 'link')),
    args: { name: 'link', target: 'the/target' },
  },
  {
    opcode: 'READLINK',
    run: (dir) => {
      fs.symlinkSync('the/target', join(dir, 'link'))
      return fs.readlinkSync(join(dir, 'link'))
    },
    result: 'the/target',
    nodeid: FIRST_NODE,
  },
  {
    opcode: 'MKNOD',
    run: (dir) => {
      mkfifo(join(dir, 'fifo'), 0o666)
      return fs.statSync(join(dir, 'fifo')).mode
    },
    result: S_IFIFO | 0o640,
    args: { name: 'fifo', mode: S_IFIFO | 0o666, umask: ACT_UMASK, rdev: 0 },
  },
  {
    opcode: 'MKDIR',
    run: (dir) => {
      fs.mkdirSync(join(dir, 'dir'), 0o775)
      return fs.statSync(join(dir, 'dir')).mode & 0o7777
    },
    result: 0o750,
    args: { name: 'dir', mode: 0o775, umask: ACT_UMASK },
  },
  {
    opcode: 'MKDIR',
    variant: 'for a group of the caller',
    run: (dir) => {
      fs.chownSync(dir, 0, 70_004)
      process.setgroups?.([70_005, 70_004])
      fs.mkdirSync(join(dir, 'dir'), 0o775)
    },
    args: { name: 'dir', mode: 0o775, umask: ACT_UMASK },
    groups: [70_004],
  },
  {
    opcode: 'UNLINK',
    run: (dir) => {
      fs.unlinkSync(makeFile(dir))
      return fs.readdirSync(dir)
    },
    result: [],
    args: { name: 'file' },
  },
  {
    opcode: 'RMDIR',
    run: (dir) => {
      fs.mkdirSync(join(dir, 'dir'))
      fs.rmdirSync(join(dir, 'dir'))
      return fs.readdirSync(dir)
    },
    result: [],
    args: { name: 'dir' },
  },
  {
    opcode: 'RENAME',
    run: (dir) => {
      fs.mkdirSync(join(dir, 'dir'))
      fs.renameSync(makeFile(dir), join(dir, 'dir', 'renamed'))
      return fs.readdirSync(join(dir, 'dir'))
    },
    result: ['renamed'],
    args: { name: 'file', newParent: FIRST_NODE, newName: 'renamed', flags: 0 },
  },
  {
    opcode: 'RENAME2',
    run: (dir) => {
      renameat2(makeFile(dir), join(dir, 'renamed'), 1)
      return fs.readdirSync(dir)
    },
    result: ['renamed'],
    args: { name: 'file', newParent: 1, newName: 'renamed', flags: 1 },
  },
  {
    opcode: 'LINK',
    run: (dir) => {
      fs.linkSync(makeFile(dir), join(dir, 'link'))
      return fs.statSync(join(dir, 'link')).nlink
    },
    result: 2,
    args: { oldNodeid: FIRST_NODE, newName: 'link' },
  },
  {
    opcode: 'FORGET',
    // The file is created, and looked up once more to be unlinked.
    run: (dir) => fs.unlinkSync(makeFile(dir)),
    args: { nodeid: FIRST_NODE, nlookup: 2 },
    nodeid: FIRST_NODE,
  },
  {
    opcode: 'BATCH_FORGET',
    run: (dir) => {
      // Enough of them that some wait together while the server takes the first.
      for (let index = 0; index < 100; index++) makeFile(dir, `file ${index}`, '')
      // A remount drops every name that nobody uses, all in one go.
      mount('none', dir, 'fuse', MS_REMOUNT, '')
    },
    nodeid: 0,
  },
]
