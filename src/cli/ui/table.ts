// Rows in columns for people.

/** Columns of plain text, two blanks between them; columns of numbers stand at the right. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows]
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => displayWidth(line[column] ?? ''))),
  )
  const isNumeric = head.map((_, column) =>
    rows.every((row) => /^[\d.]+( ?[KMGT]iB| B)?$|^-$/.test(row[column] ?? '')),
  )
  return lines
    .map((line) => {
      const cells = line.map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - displayWidth(cell))
        return isNumeric[column] ? padding + cell : cell + padding
      })
      return `${cells.join('  ').trimEnd()}\n`
    })
    .join('')
}

/** Columns that a terminal takes for a text, near enough: wide East Asian characters take two. */
function displayWidth(text: string): number {
  let width = 0
  for (const character of text) {
    const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u
    if (!/\p{Mn}/u.test(character)) width += wide.test(character) ? 2 : 1
  }
  return width
}
