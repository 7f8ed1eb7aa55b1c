// ACLs as text, as tar archives have them (acl(5), "ACL TEXT FORMS"): `user:33:rw-`, with names of this
// machine for users and groups where another program wrote them.

import { readFileSync } from 'node:fs'
import { type AclEntry, decodeAcl, encodeAcl } from '../../../posix/acl.js'
import { Errno, FsError } from '../../../posix/errno.js'

const tags = { user: [1, 2], group: [4, 8], mask: [16, 16], other: [32, 32] } as const
type Word = keyof typeof tags
const words: readonly Word[] = ['user', 'group', 'mask', 'other']
const noId = 0xffff_ffff

/** The attribute's value of a text: entries behind one another, parted by line ends or commas. */
export function aclFromText(text: string): Uint8Array {
  const lines = text.split(/[\n,]/).map((line) => line.replace(/#.*/, '').trim())
  const entries = lines.filter((line) => line !== '').map(decodeEntry)
  return encodeAcl(entries.sort((a, b) => a.tag - b.tag || a.id - b.id))
}

export function aclToText(value: Uint8Array): string {
  return (decodeAcl(value) ?? []).map((entry) => `${encodeEntry(entry)}\n`).join('')
}

function decodeEntry(line: string): AclEntry {
  const [first = '', qualifier = '', bits = '', id] = line.split(':')
  const word = words.find((each) => first !== '' && each.startsWith(first))
  if (!word || !/^[r-][w-][x-]$/.test(bits))
    throw new FsError(Errno.EINVAL, `an ACL with "${line}"`)
  const [own, named] = tags[word]
  const permissions = [...bits].reduce((value, letter) => value * 2 + Number(letter !== '-'), 0)
  if (qualifier === '') return { tag: own, permissions, id: noId }
  // Some programs write the number behind the name.
  return { tag: named, permissions, id: idOf(word, id ?? qualifier) }
}

function encodeEntry({ tag, permissions, id }: AclEntry): string {
  const word = words.find((each) => (tags[each] as readonly number[]).includes(tag)) ?? 'other'
  const bits = [4, 2, 1].map((bit, at) => (permissions & bit ? 'rwx'[at] : '-')).join('')
  return `${word}:${id === noId ? '' : id}:${bits}`
}

function idOf(word: Word, qualifier: string): number {
  if (/^[0-9]+$/.test(qualifier)) return Number(qualifier)
  const file = word === 'user' ? '/etc/passwd' : '/etc/group'
  const id = idsOf(file).get(qualifier)
  if (id === undefined)
    throw new FsError(Errno.EINVAL, `an ACL names the ${word} "${qualifier}", unknown here`)
  return id
}

const known = new Map<string, Map<string, number>>()

function idsOf(file: string): Map<string, number> {
  let ids = known.get(file)
  if (!ids) {
    const rows = readFileSync(file, 'utf8').split('\n')
    ids = new Map(rows.map((row) => row.split(':')).map(([name = '', , id]) => [name, Number(id)]))
    known.set(file, ids)
  }
  return ids
}
