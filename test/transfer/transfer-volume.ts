/**
 * A volume on a real embedded store with a journal and the write lease, as the commands open it, and what
 * the transfers do with it, in this process.
 */
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { openEnvironment } from '../../src/environments/open-environment.js'
import { expandArchive } from '../../src/maintenance/transfer/archive-stream.js'
import { copyTree } from '../../src/maintenance/transfer/copy-tree.js'
import { LocalFolder } from '../../src/maintenance/transfer/local-folder.js'
import { packArchive } from '../../src/maintenance/transfer/pack-archive.js'
import {
  Transfer,
  type TransferCounts,
  type TransferOptions,
} from '../../src/maintenance/transfer/transfer.js'
import { unpackArchive } from '../../src/maintenance/transfer/unpack-archive.js'
import type { VolumeFolder } from '../../src/maintenance/transfer/volume-folder.js'
import { makeFolderInVolume } from '../../src/maintenance/transfer/volume-paths.js'
import { openPlannedVolume } from '../../src/mount/open-planned-volume.js'
import type { Logger } from '../../src/observe/logger.js'
import { openStore } from '../../src/store/open-store.js'
import type { OpenVolume } from '../../src/vfs/open-volume.js'
import type { Vfs } from '../../src/vfs/vfs.js'

const silent: Logger = {
  isDebug: false,
  debug: () => undefined,
  info: () => undefined,
  warn: (message, fields) => console.warn(message, fields),
  error: (message, fields) => console.error(message, fields),
}

export interface Outcome {
  readonly counts: TransferCounts
  /** `path: message` of each, where the transfer went on. */
  readonly problems: readonly string[]
  /** `make a/b`, `remove c`, ... */
  readonly changes: readonly string[]
  readonly warnings: readonly string[]
}

export interface TransferVolume {
  readonly folder: string
  readonly vfs: Vfs
  readonly volume: OpenVolume
  importFolder(source: string, to?: string, options?: Partial<TransferOptions>): Promise<Outcome>
  importArchive(
    source: string | Readable,
    to?: string,
    options?: Partial<TransferOptions>,
  ): Promise<Outcome>
  exportFolder(from: string, target: string, options?: Partial<TransferOptions>): Promise<Outcome>
  exportArchive(from: string, file: string, options?: Partial<TransferOptions>): Promise<Outcome>
  close(): Promise<void>
}

export async function openTransferVolume(): Promise<TransferVolume> {
  const folder = mkdtempSync(join(tmpdir(), 'cassfs-transfer-'))
  const storeConfig = { engine: 'lmdb', directory: join(folder, 'state', 'store') } as const
  const store = await openStore(storeConfig)
  const { open } = await openPlannedVolume(
    {
      owner: '1',
      environment: 'prod',
      identify: (each) => openEnvironment(each, '1', 'prod', { uid: 0, gid: 0 }),
      readOnly: false,
      store: storeConfig,
      stateDir: join(folder, 'state'),
      entryTtlMs: 1000,
      writeLease: true,
      durableClose: false,
      cacheBytesMax: 32 << 20,
      rescueBytesMax: 1 << 20,
    },
    store,
    silent,
  )
  const { vfs } = open
  return {
    folder,
    vfs,
    volume: open,
    importFolder: (source, to = '/', options) =>
      transferred(options, async (transfer) => {
        const from = LocalFolder.open(source, () => undefined)
        try {
          await copyTree(from, await makeFolderInVolume(vfs, to), transfer)
        } finally {
          from.close()
        }
      }),
    importArchive: (source, to = '/', options) =>
      transferred(options, async (transfer, warnings) => {
        const stream = typeof source === 'string' ? createReadStream(source) : source
        await unpackArchive(
          await expandArchive(stream),
          await makeFolderInVolume(vfs, to),
          transfer,
          { absoluteName: (name) => warnings.push(name) },
        )
      }),
    exportFolder: (from, target, options) =>
      transferred(options, async (transfer) => {
        const to = LocalFolder.open(target, (count) => {
          transfer.counts.refusedAttributes += count
        })
        try {
          await copyTree(await volumeFolder(vfs, from), to, transfer)
        } finally {
          to.close()
        }
      }),
    exportArchive: (from, file, options) =>
      transferred(options, async (transfer) => {
        const bytes = packArchive(await volumeFolder(vfs, from), transfer)
        await pipeline(Readable.from(bytes, { objectMode: false }), createWriteStream(file))
      }),
    async close() {
      try {
        await open.close(15_000)
        await store.close()
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}

async function volumeFolder(vfs: Vfs, path: string): Promise<VolumeFolder> {
  return makeFolderInVolume(vfs, path)
}

async function transferred(
  options: Partial<TransferOptions> | undefined,
  work: (transfer: Transfer, warnings: string[]) => Promise<void>,
): Promise<Outcome> {
  const problems: string[] = []
  const changes: string[] = []
  const warnings: string[] = []
  const transfer = new Transfer(
    {
      compare: 'times',
      delete: false,
      dryRun: false,
      keepGoing: false,
      pathBytesMax: 4095,
      signal: new AbortController().signal,
      ...options,
    },
    {
      problem: ({ path, message }) => problems.push(`${path}: ${message}`),
      change: (what, path) => changes.push(`${what} ${path}`),
    },
  )
  await work(transfer, warnings)
  return { counts: transfer.counts, problems, changes, warnings }
}
