/** Every sentence of docs/SEMANTICS.md about what there is has a test, and what there is not gets less. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proofs } from '../semantics/proofs.js'
import { readSections, type Section, sentencesOf } from '../semantics/sentences.js'
import { projectFiles, readProjectFile } from './project-files.js'

/** Tables of what is not so: they say where something is missing. */
const DEVIATIONS = 'Where it deviates from POSIX'
const NOT_YET = 'Not yet'
/** Things that are missing, told apart by semicolons and full stops. The number only shrinks. */
const NOT_YET_COUNT = 9

const sections = readSections()
const claims = sections.filter(({ heading }) => heading !== DEVIATIONS && heading !== NOT_YET)

function missing(from: Iterable<string>, among: Iterable<string>): string[] {
  const known = new Set(among)
  return [...from].filter((each) => !known.has(each))
}

function partsOf({ blocks }: Section): string[] {
  return blocks.flatMap((block) => block.split(/; |(?<=\.) (?=[A-Z])/))
}

/** Names of the tests of a file as they are written there, … in place of what is put in. */
function testsOf(path: string): string[] {
  const calls = /\b(?:test|it)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g
  return [...readProjectFile(path).matchAll(calls)].map(([, , name = '']) =>
    name.replace(/\$\{[^}]*\}/g, '…'),
  )
}

test('docs/SEMANTICS.md has the sections that are proven, and no other', () => {
  assert.deepEqual(
    claims.map(({ heading }) => heading),
    Object.keys(proofs),
  )
})

for (const section of claims)
  test(`each sentence has a test, and no test is of a sentence that is gone: ${section.heading}`, () => {
    const sentences = sentencesOf(section)
    const proven = Object.keys(proofs[section.heading] ?? {})
    assert.equal(new Set(sentences).size, sentences.length, 'one is there twice')
    assert.deepEqual(missing(sentences, proven), [], 'without a test')
    assert.deepEqual(missing(proven, sentences), [], 'not in docs/SEMANTICS.md')
  })

test('each test that proves a sentence is in its file, once', () => {
  const files = new Set(projectFiles())
  const absent: string[] = []
  for (const [sentence, named] of Object.values(proofs).flatMap((each) => Object.entries(each))) {
    if (named.length === 0) absent.push(sentence)
    for (const [file, name] of named) {
      const count = files.has(file) ? testsOf(file).filter((each) => each === name).length : 0
      if (count !== 1) absent.push(`${file}: ${name} (${count} times)`)
    }
  }
  assert.deepEqual(absent, [])
})

test('what is not there yet gets less', () => {
  const section = sections.find(({ heading }) => heading === NOT_YET)
  const parts = section ? partsOf(section) : []
  assert.equal(parts.length, NOT_YET_COUNT, `${parts.join('\n')}\nif it got less, say so here`)
})
