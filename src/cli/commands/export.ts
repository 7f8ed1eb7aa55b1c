// `cassfs export`: a folder of an environment into a local folder or an archive, without a mount.

import { once } from 'node:events'
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Folder } from '../../maintenance/transfer/folder.js'
import type { Transfer } from '../../maintenance/transfer/transfer.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { withPlannedVolume } from '../transfer/planned-volume.js'
import { reasonOf, runTransfer } from '../transfer/run-transfer.js'
import { localPath, transferSettings } from '../transfer/transfer-settings.js'
import { bytesOf, showName } from '../ui/names.js'
import { UsageError } from '../usage-error.js'
import { onPath } from '../volume-access.js'

type Destination =
  | { readonly kind: 'folder'; readonly path: Buffer }
  | { readonly kind: 'archive'; readonly path: Buffer; readonly isCompressed: boolean }
  | { readonly kind: 'output' }

export async function run(
  context: CommandContext,
  [written = '', to = '']: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const { values } = await context.config()
  const source = bytesOf(context.rawArgument(written))
  const destination = destinationOf(context, to)
  checkOptions(destination, options)
  const run = {
    done: 'exported',
    options,
    settings: transferSettings(options, Buffer.alloc(0)),
    outputIsTaken: destination.kind === 'output' && !options['dry-run'],
  }
  return runTransfer(context, run, (transfer) =>
    withPlannedVolume(values, { making: false, readOnly: true }, async (vfs) => {
      const { folderInVolume } = await import('../../maintenance/transfer/volume-paths.js')
      const folder = await onPath(source, () => folderInVolume(vfs, source.toString('latin1')))
      if (destination.kind === 'folder') return exportTo(destination.path, folder, transfer)
      await exportArchive(context, destination, folder, transfer)
    }),
  )
}

function destinationOf(context: CommandContext, written: string): Destination {
  if (written === '-') return { kind: 'output' }
  const path = localPath(context, bytesOf(context.rawArgument(written)))
  const name = path.toString('latin1')
  if (!/\.(tar|tar\.gz|tgz)$/i.test(name) || isFolder(path)) return { kind: 'folder', path }
  return { kind: 'archive', path, isCompressed: /gz$/i.test(name) }
}

function isFolder(path: Buffer): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function checkOptions({ kind }: Destination, options: OwnOptions): void {
  if (kind === 'folder') return
  for (const name of ['delete', 'checksum'])
    if (options[name]) throw new UsageError(`--${name} needs a folder to export to, not an archive`)
  if (kind === 'output' && process.stdout.isTTY && !options['dry-run'])
    throw new UsageError('export - writes an archive to standard output, which is a terminal')
}

async function exportTo(path: Buffer, source: Folder, transfer: Transfer): Promise<void> {
  const { LocalFolder } = await import('../../maintenance/transfer/local-folder.js')
  const { copyTree } = await import('../../maintenance/transfer/copy-tree.js')
  if (transfer.options.dryRun && !existsSync(path)) return copyTree(source, undefined, transfer)
  mkdirSync(path, { recursive: true })
  const target = LocalFolder.open(path, (refused) => {
    transfer.counts.refusedAttributes += refused
  })
  try {
    await copyTree(source, target, transfer)
  } finally {
    target.close()
  }
}

async function exportArchive(
  context: CommandContext,
  destination: Exclude<Destination, { kind: 'folder' }>,
  source: Folder,
  transfer: Transfer,
): Promise<void> {
  const { packArchive } = await import('../../maintenance/transfer/pack-archive.js')
  const bytes = packArchive(source, transfer)
  if (transfer.options.dryRun) {
    for await (const _ of bytes) transfer.checkSignal()
  } else if (destination.kind === 'output') await writeOutput(context, bytes)
  else await writeArchive(destination, bytes)
}

/** Half a listing may be enough for who reads it; half an archive is none. */
async function writeOutput(context: CommandContext, bytes: AsyncGenerator<Buffer>): Promise<void> {
  process.stdout.prependListener('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') return
    context.warn('the archive is not whole: who read standard output has closed it')
    process.exit(1)
  })
  for await (const part of bytes)
    if (!process.stdout.write(part)) await once(process.stdout, 'drain')
}

/** Under another name until it is whole: an archive that is there is one that was finished. */
async function writeArchive(
  { path, isCompressed }: Extract<Destination, { kind: 'archive' }>,
  bytes: AsyncGenerator<Buffer>,
): Promise<void> {
  const unfinished = Buffer.concat([path, Buffer.from(`.${process.pid}.tmp`)])
  try {
    const file: Writable = createWriteStream(unfinished, { flags: 'wx' })
    const whole = Readable.from(bytes, { objectMode: false })
    await (isCompressed ? pipeline(whole, createGzip(), file) : pipeline(whole, file))
    renameSync(unfinished, path)
  } catch (error) {
    rmSync(unfinished, { force: true })
    if (!isFromSystem(error)) throw error
    throw new Error(`${showName(path)} cannot be written: ${reasonOf(error)}`, { cause: error })
  }
}

function isFromSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
