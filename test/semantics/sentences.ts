/**
 * The claims of docs/SEMANTICS.md: every sentence of a paragraph or a list, and every row of a table, in the
 * words of the page. Sections can be asked for by their headings.
 */
import { readFileSync } from 'node:fs'
import { projectPath } from '../support/project.js'

export interface Section {
  readonly heading: string
  /** Paragraphs, list items, rows: each in one line. */
  readonly blocks: readonly string[]
}

export function readSections(
  text = readFileSync(projectPath('docs/SEMANTICS.md'), 'utf8'),
): Section[] {
  const [, ...parts] = text.split(/^## /m)
  return parts.map((part) => {
    const end = part.indexOf('\n')
    return { heading: part.slice(0, end), blocks: blocksOf(part.slice(end)) }
  })
}

/** A sentence ends with a full stop behind which a new one begins. */
export function sentencesOf({ blocks }: Section): string[] {
  return blocks.flatMap((block) =>
    block.startsWith('|') ? [block] : block.split(/(?<=\.) (?=[A-Z_`])/),
  )
}

function blocksOf(text: string): string[] {
  const blocks: string[] = []
  let isOpen = false
  for (const line of text.split('\n').map((each) => each.trim())) {
    const begins = !isOpen || /^(- |\|)/.test(line)
    isOpen = line !== ''
    if (!isOpen) continue
    if (begins) blocks.push(line.replace(/^- /, ''))
    else blocks.push(`${blocks.pop()} ${line}`)
  }
  return withoutHeads(blocks.map((block) => block.replace(/\s+/g, ' ')))
}

/** Of a table the rows below the line that sets them off. */
function withoutHeads(blocks: readonly string[]): string[] {
  const isLine = (block?: string) => block !== undefined && /^\|[ |-]+\|$/.test(block)
  return blocks.filter((block, at) => !isLine(block) && !isLine(blocks[at + 1]))
}
