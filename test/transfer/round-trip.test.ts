/** What goes into a volume comes out of it again: folders and archives, in every attribute. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { differences } from '../support/tree.js'
import { addSocket, createHardTree, listFully, missingForHardTree } from './hard-tree.js'
import { openTransferVolume, type TransferVolume } from './transfer-volume.js'

const skip = missingForHardTree() ?? false

describe('a tree with everything', { skip }, () => {
  let volume: TransferVolume
  let tree = ''
  let expected: string[] = []
  const inside = (name: string) => join(volume.folder, name)
  const newFolder = (name: string) => {
    mkdirSync(inside(name))
    return inside(name)
  }

  before(async () => {
    volume = await openTransferVolume()
    tree = inside('tree')
    await createHardTree(tree)
    expected = listFully(tree)
  })
  after(() => volume.close())

  test('comes out of a volume as it went in', async () => {
    const { counts } = await volume.importFolder(tree, '/copy')
    assert.equal(counts.failed, 0)
    const out = newFolder('out')
    const exported = await volume.exportFolder('/copy', out)
    assert.equal(differences(listFully(out), expected), '')
    const { files, links, hardLinks, specials } = counts
    const { counts: again } = exported
    assert.deepEqual([again.files, again.links, again.hardLinks], [files, links, hardLinks])
    assert.equal(specials, 3)
  })

  test('comes through archives of GNU tar', async () => {
    const [archive, packed] = [inside('gnu.tar'), inside('ours.tar')]
    execFileSync('tar', ['--xattrs', '--acls', '--sparse', '-C', tree, '-cf', archive, '.'])
    const { counts, problems } = await volume.importArchive(archive, '/archived')
    assert.deepEqual(problems, [])
    assert.ok(counts.files > 50)
    await volume.exportArchive('/archived', packed)
    const out = newFolder('out-of-tar')
    const flags = ['--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner', '-C', out]
    const said = execFileSync('tar', [...flags, '-xpf', packed, '--warning=all'], {
      encoding: 'utf8',
    })
    assert.equal(said, '')
    assert.equal(differences(listFully(out), expected), '')
  })

  test('comes through archives of other formats, without what these cannot hold', async () => {
    for (const format of ['gnu', 'oldgnu', 'ustar', 'v7']) {
      const [archive, small] = [inside(`${format}.tar`), join(tree, 'locked')]
      execFileSync('tar', ['-H', format, '-C', small, '-czf', archive, '.'])
      await volume.importArchive(archive, `/${format}`)
      const out = newFolder(`out-of-${format}`)
      await volume.exportFolder(`/${format}`, out)
      const plain = (lines: string[]) =>
        lines
          .filter((line) => !line.includes(' is '))
          .map((line) => line.replace(/nlink=\d+ /, '').replace(/(mtime=\d+)\d{9}/, '$1'))
      assert.equal(differences(plain(listFully(out)), plain(listFully(small))), '', format)
    }
  })

  test('comes through a sparse archive of every format', async () => {
    for (const format of [
      '--sparse-version=0.0',
      '--sparse-version=0.1',
      '--sparse-version=1.0',
      'oldgnu',
    ]) {
      const archive = inside(`sparse${format}.tar`)
      const how = format.startsWith('--') ? ['-H', 'posix', format] : ['-H', format]
      const names = ['sparse', 'all-hole', 'large']
      execFileSync('tar', [...how, '--sparse', '-C', tree, '-cf', archive, ...names])
      const to = `/sparse${format}`
      await volume.importArchive(archive, to)
      const out = newFolder(`out-sparse${format}`)
      await volume.exportFolder(to, out)
      const ofNames = (lines: string[]) =>
        lines
          .filter((line) => names.some((name) => line.startsWith(`"/${name}"`)))
          .map((line) => line.replace(/(mtime=\d+)\d{9}/, '$1'))
      assert.equal(differences(ofNames(listFully(out)), ofNames(expected)), '', format)
    }
  })

  test('leaves sockets out, and counts them', async () => {
    const folder = newFolder('with-socket')
    const close = await addSocket(join(folder, 'socket'))
    try {
      const { counts } = await volume.importFolder(folder, '/sockets')
      assert.deepEqual([counts.sockets, counts.specials], [1, 0])
    } finally {
      close()
    }
  })
})
