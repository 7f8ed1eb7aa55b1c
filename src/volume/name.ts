// Names of directory entries as byte strings: one character (0-255) for each byte. So a name of any
// bytes survives, `===` and `<` compare bytes, and a Map can key on it. UTF-8 exists only at the
// edges (command line, library).

/** A byte string: every character is one byte. */
export type Name = string

/** POSIX NAME_MAX: the longest name in bytes. */
export const nameBytesMax = 255

/** The byte string of a text in UTF-8. */
export function nameFromText(text: string): Name {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** The text of a byte string, or undefined where it is not valid UTF-8. */
export function nameToText(name: Name): string | undefined {
  const bytes = Buffer.from(name, 'latin1')
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined
}
