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

export interface TreeShape {
  /** Entries of a full manifest. */
  readonly nodeEntries: number
  /** Entries, and small manifests, that are kept directly at least. */
  readonly directEntries: number
}

export const treeShape: TreeShape = { nodeEntries: 256, directEntries: 16 }
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
  shape: TreeShape = treeShape,
): Promise<Entry[]> {
  const affordable = Math.floor(upload.bytesAdded / manifestPart / entryBytes)
  const directMax = Math.min(shape.nodeEntries, Math.max(shape.directEntries, affordable))
  const packing: Packing = { ...shape, directMax, upload, source }
  let packed = await packHeight(packing, entries, 0)
  packed = await joinSmall(packing, packed)
  for (let height = 1; packed.some((entry) => heightOf(entry) >= height); height++)
    packed = await packHeight(packing, packed, height)
  return packed
}

interface Packing extends TreeShape {
  readonly directMax: number
  readonly upload: Upload
  readonly source: BlockSource
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

/**
 * What stands in front of a manifest higher than `height` goes into manifests of `height` + 1; of what
 * stands at the end, as much as is too many. So heights fall from the front to the end.
 */
async function packHeight(
  packing: Packing,
  entries: readonly Entry[],
  height: number,
): Promise<Entry[]> {
  const packed: Entry[] = []
  let run: Entry[] = []
  for (const entry of entries) {
    if (heightOf(entry) <= height) {
      run.push(entry)
      continue
    }
    packed.push(...(run.length > 1 ? await nodes(packing, run) : run), entry)
    run = []
  }
  const { nodeEntries, directEntries, directMax } = packing
  const [most, unit] = height === 0 ? [directMax, directEntries] : [2 * nodeEntries, nodeEntries]
  const length = run.findLastIndex((entry) => heightOf(entry) === height) + 1
  const count = length > most ? length - (length % unit) : 0
  return [...packed, ...(await nodes(packing, run.slice(0, count))), ...run.slice(count)]
}

/** Sixteen manifests on end that are not half full become full ones. */
async function joinSmall(packing: Packing, entries: readonly Entry[]): Promise<Entry[]> {
  const joined: Entry[] = []
  let small: NodeEntry[] = []
  const take = async () => {
    if (small.length < packing.directEntries) joined.push(...small)
    else joined.push(...(await nodes(packing, await opened(small, packing.source))))
    small = []
  }
  for (const entry of entries) {
    if (entry.kind === 'node' && entry.height === 1 && entry.entries < packing.nodeEntries / 2) {
      small.push(entry)
      continue
    }
    await take()
    joined.push(entry)
  }
  await take()
  return joined
}

async function opened(small: readonly NodeEntry[], source: BlockSource): Promise<Entry[]> {
  const manifests = await source.loadManifests(small.map((entry) => entry.hash))
  return manifests.flatMap((manifest) => manifest.entries)
}

/** 0 for what is no manifest. */
function heightOf(entry: Entry): number {
  return entry.kind === 'node' ? entry.height : 0
}

function nodes(packing: Packing, entries: readonly Entry[]): Promise<NodeEntry[]> {
  const { nodeEntries, upload, source } = packing
  const parts: (readonly Entry[])[] = []
  for (let at = 0; at < entries.length; at += nodeEntries)
    parts.push(entries.slice(at, at + nodeEntries))
  return Promise.all(
    parts.map(async (part) => ({
      kind: 'node',
      length: part.reduce((sum, entry) => sum + entry.length, 0),
      hash: await storeManifest(part, upload, source),
      height: 1 + Math.max(...part.map(heightOf)),
      entries: part.length,
      holes: part.some((entry) => entry.kind === 'hole' || (entry.kind === 'node' && entry.holes)),
    })),
  )
}
