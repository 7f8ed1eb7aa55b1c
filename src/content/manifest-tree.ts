// Keeps the outermost manifest of a file short, so that a small change costs little, and the tree flat,
// so that a read takes few steps: 256 entries a manifest, most files need one. A file that grows by
// small appends keeps at most 16 entries at its end directly, further manifests of 16 before them, and
// joins those to full ones.

import type { BlockSource } from './block-source.js'
import {
  type Entry,
  encodeManifest,
  manifestOf,
  type NodeEntry,
  namedBy,
} from './manifest-codec.js'
import type { Upload } from './upload.js'

/** Entries of a full manifest. */
const nodeEntries = 256
/** Entries, and small manifests, that are kept directly at least. */
const directEntries = 16
/** About what an entry takes. */
const entryBytes = 36
/** What a save spends on the outermost manifest: this part of the bytes that it stores. */
const manifestPart = 8

/**
 * The entries of an outermost manifest for a content made of `entries`, of which some may be manifests
 * already. Uploads the manifests it makes.
 */
export async function packEntries(
  entries: readonly Entry[],
  upload: Upload,
  source: BlockSource,
): Promise<Entry[]> {
  const affordable = Math.floor(upload.bytesAdded / manifestPart / entryBytes)
  const directMax = Math.min(nodeEntries, Math.max(directEntries, affordable))
  const packed = await packDirect(entries, directMax, upload, source)
  return raise(await joinSmall(packed, upload, source), upload, source)
}

/** Uploads a manifest. */
export async function storeManifest(
  entries: readonly Entry[],
  upload: Upload,
  source: BlockSource,
): Promise<string> {
  const hash = await upload.add(encodeManifest(entries), namedBy(entries))
  source.manifests.put(hash, manifestOf(entries))
  return hash
}

/** Blocks and holes in front of manifests go into manifests; at the end `directMax` stay. */
async function packDirect(
  entries: readonly Entry[],
  directMax: number,
  upload: Upload,
  source: BlockSource,
): Promise<Entry[]> {
  const packed: Entry[] = []
  let run: Entry[] = []
  for (const entry of entries) {
    if (entry.kind !== 'node') {
      run.push(entry)
      continue
    }
    packed.push(...(run.length > 1 ? await nodes(run, upload, source) : run), entry)
    run = []
  }
  if (run.length <= directMax) return [...packed, ...run]
  const count = run.length - (run.length % directEntries)
  packed.push(...(await nodes(run.slice(0, count), upload, source)), ...run.slice(count))
  return packed
}

/** Sixteen manifests on end that are not half full become full ones. */
async function joinSmall(
  entries: readonly Entry[],
  upload: Upload,
  source: BlockSource,
): Promise<Entry[]> {
  const joined: Entry[] = []
  let small: NodeEntry[] = []
  const take = async () => {
    if (small.length < directEntries) joined.push(...small)
    else joined.push(...(await nodes(await opened(small, source), upload, source)))
    small = []
  }
  for (const entry of entries) {
    if (entry.kind === 'node' && entry.height === 1 && entry.entries < nodeEntries / 2) {
      small.push(entry)
      continue
    }
    await take()
    joined.push(entry)
  }
  await take()
  return joined
}

/** While there are too many manifests, the first of them go into higher ones. */
async function raise(
  entries: readonly Entry[],
  upload: Upload,
  source: BlockSource,
): Promise<Entry[]> {
  let level = [...entries]
  // Each turn divides their number by about 256.
  while (level.length > 2 * nodeEntries) {
    const count = level.length - (level.length % nodeEntries)
    level = [...(await nodes(level.slice(0, count), upload, source)), ...level.slice(count)]
  }
  return level
}

async function opened(small: readonly NodeEntry[], source: BlockSource): Promise<Entry[]> {
  const manifests = await source.loadManifests(small.map((entry) => entry.hash))
  return manifests.flatMap((manifest) => manifest.entries)
}

function nodes(
  entries: readonly Entry[],
  upload: Upload,
  source: BlockSource,
): Promise<NodeEntry[]> {
  const parts: (readonly Entry[])[] = []
  for (let at = 0; at < entries.length; at += nodeEntries)
    parts.push(entries.slice(at, at + nodeEntries))
  return Promise.all(
    parts.map(async (part) => ({
      kind: 'node',
      length: part.reduce((sum, entry) => sum + entry.length, 0),
      hash: await storeManifest(part, upload, source),
      height: 1 + Math.max(0, ...part.map((entry) => (entry.kind === 'node' ? entry.height : 0))),
      entries: part.length,
      holes: part.some((entry) => entry.kind === 'hole' || (entry.kind === 'node' && entry.holes)),
    })),
  )
}
