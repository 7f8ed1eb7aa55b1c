// `cassfs status`: the mounts of this host and how they are.

import { resolveMountpoint } from '../../mount/mount-table.js'
import type { LeaseStatus, MountStatus, RescueStatus } from '../../observe/status.js'
import { Errno, FsError } from '../../posix/errno.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { type SeenMount, seeMounts } from '../mount-client.js'
import { formatBytes, formatDuration } from '../ui/format.js'
import { showName } from '../ui/names.js'
import { renderTable } from '../ui/table.js'

export async function run(
  context: CommandContext,
  [folder]: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const all = await seeMounts(context)
  const shown = folder === undefined ? all : await only(folder, all)
  if (options.json) context.print(`${JSON.stringify(shown.map(flatten), null, 2)}\n`)
  else if (folder !== undefined) context.print(shown.map(renderDetails).join('\n'))
  else context.print(shown.length > 0 ? renderMounts(shown) : 'no CassFS is mounted here\n')
  return 0
}

async function only(folder: string, all: readonly SeenMount[]): Promise<SeenMount[]> {
  const mountpoint = await resolveMountpoint(folder)
  const found = all.filter((mount) => mount.mountpoint === mountpoint)
  if (found.length > 0) return found
  throw new FsError(Errno.EINVAL, `no CassFS is mounted on ${mountpoint}; all: cassfs status`)
}

/** One object a mount; what the mount says of itself under `status`. */
function flatten({ record, status, ...seen }: SeenMount): Record<string, unknown> {
  const { pid, owner, environment, engine, readOnly, startedAt, logFile, version } = record ?? {}
  const registered = { pid, owner, environment, engine, readOnly, startedAt, logFile, version }
  return { ...seen, ...registered, status: status ?? null }
}

function renderMounts(mounts: readonly SeenMount[]): string {
  const rows = mounts.map(({ mountpoint, state, record, status }) => [
    showName(Buffer.from(mountpoint)),
    record?.owner ?? '-',
    record?.environment ?? '-',
    record?.engine ?? '-',
    describeState(state, status),
    record ? String(record.pid) : '-',
    record ? formatDuration(Date.now() - Date.parse(record.startedAt)) : '-',
  ])
  const head = ['FOLDER', 'OWNER', 'ENVIRONMENT', 'STORE', 'STATE', 'PID', 'FOR']
  return renderTable(head, rows) + advice(mounts)
}

function describeState(state: SeenMount['state'], status: MountStatus | undefined): string {
  if (status?.store?.state === 'silent') return `${state}, store silent`
  return status?.readOnly ? `${state}, read-only` : state
}

function describeLease(lease: LeaseStatus): string | undefined {
  const { state, uncommittedChanges, uncommittedBytes, oldestUncommittedMs, lostChanges } = lease
  const names = {
    none: 'nobody has it',
    held: 'held',
    recalled: 'recalled',
    foreign: 'another mount has it',
  }
  const age = formatDuration(oldestUncommittedMs)
  const early =
    uncommittedChanges > 0
      ? `, ${uncommittedChanges} changes (${formatBytes(uncommittedBytes)}) to be committed for ${age}`
      : ''
  const lost = lostChanges > 0 ? `, ${lostChanges} changes lost` : ''
  return `${names[state]}${early}${lost}`
}

function describeRescue({ entries, bytes }: RescueStatus): string {
  return `${entries} that could not be stored (${formatBytes(bytes)}); see: cassfs rescue list`
}

function advice(mounts: readonly SeenMount[]): string {
  const dead = mounts.filter((mount) => mount.state === 'dead')
  const lines = dead.map(
    ({ mountpoint }) => `to take the dead one away: cassfs umount ${mountpoint}`,
  )
  return lines.length > 0 ? `${lines.join('\n')}\n` : ''
}

function renderDetails(mount: SeenMount): string {
  const { record, status } = mount
  const facts: [string, string | undefined][] = [
    ['folder', mount.mountpoint],
    ['state', describeState(mount.state, status)],
    ['owner', record?.owner],
    ['environment', record?.environment],
    ['store', record?.engine],
    ['store since', status?.store?.since],
    ['store error', status?.store?.lastError],
    ['process', record && String(record.pid)],
    ['started', record?.startedAt],
    ['log', record?.logFile],
    ['sequence number', status?.seq === undefined ? undefined : String(status.seq)],
    [
      'still loading',
      status?.loadedRecords === undefined ? undefined : `${status.loadedRecords} names so far`,
    ],
    [
      'changes under way',
      status?.pendingChanges === undefined ? undefined : String(status.pendingChanges),
    ],
    ['write lease', status?.writeLease && describeLease(status.writeLease)],
    ['rescued', status?.rescue && describeRescue(status.rescue)],
    ['used', status?.usedBytes === undefined ? undefined : formatBytes(status.usedBytes)],
    ['files', status?.usedInodes === undefined ? undefined : String(status.usedInodes)],
  ]
  const lines = facts.flatMap(([name, value]) => (value ? [`${name.padEnd(18)} ${value}\n`] : []))
  const groups = Object.entries(status?.counts ?? {}).map(([group, counts]) => {
    const rows = Object.entries(counts).map(([name, value]) => [`  ${name}`, String(value)])
    return `${group}\n${renderTable(['', ''], rows).split('\n').slice(1).join('\n')}`
  })
  return lines.join('') + groups.join('')
}
