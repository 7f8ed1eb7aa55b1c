/**
 * Reads the imports of a TypeScript source: static, type-only, re-exports, dynamic, and import() in
 * a type. The lexer knows TypeScript; where it meets what it cannot name (a computed specifier) the
 * import is reported without one, never dropped.
 */
import { init, parse } from 'es-module-lexer'

await init

export interface SourceImport {
  /** As written, or undefined when it is computed at run time. */
  readonly specifier: string | undefined
  readonly dynamic: boolean
  /** Gone from the emitted JavaScript. */
  readonly typeOnly: boolean
  readonly line: number
}

/** All imports of one source, in order. Throws on a source that the lexer cannot read. */
export function readImports(source: string, name: string): SourceImport[] {
  const [imports] = parse(source, name)
  const found: SourceImport[] = []
  for (const each of imports) {
    if (each.type === 'import-meta') continue
    const line = source.slice(0, each.importStart).split('\n').length
    const computed = each.type === 'dynamic' && each.glob
    found.push({
      specifier: computed ? undefined : each.specifier,
      dynamic: each.type === 'dynamic',
      typeOnly: each.type === 'dynamic' ? each.probablyTypeOnly : each.typeOnly,
      line,
    })
  }
  return found
}
