// Whether this kernel keeps its page cache true beside writes that pass it by (FOPEN_DIRECT_IO).

/**
 * Linux 6.6 drops the pages of what is written directly before the write, and since 6.18.3 once more behind it:
 * without that a page that is read meanwhile stays as it was. The protocol does not tell; `release` is what
 * uname(2) says, `6.18.44-something`. A little later than the first, as distributions count in their own way.
 */
export function keepsPagesTrue(release: string): boolean {
  const [major = 0, minor = 0, patch = 0] = release.split(/[^0-9]+/, 3).map(Number)
  if (major !== 6) return major > 6
  return minor > 18 || (minor === 18 && patch >= 10)
}
