// With -server: does a contact point answer, does it let us in, are the tables there, do the clocks
// agree? Without: there is nothing to reach.

import type { Config } from '../../config/schema.js'
import { StoreUnavailable, StoreUnusable } from '../../store/store.js'
import { commandFor } from '../command-hint.js'
import { checkSchema, withStore } from '../store-access.js'
import { formatDuration } from '../ui/format.js'
import { type Check, type Finding, fail, ok, skip, warn } from './check.js'
import { probeCql } from './cql-probe.js'

const embedded = 'not needed: the embedded store'
const skewMsMax = 1000

export const storeCheck: Check = {
  name: 'store',
  run: async (_system, config) => {
    if (!config.server) return skip(embedded)
    const points = config.server.map((point) => splitPoint(point, config.port))
    const answers = await Promise.all(points.map(({ host, port }) => probeCql(host, port)))
    if (answers.some((answer) => answer.kind === 'speaks CQL')) return mayLogIn(config)
    const codes = answers.map((answer) => (answer.kind === 'no' ? answer.code : ''))
    const shown = config.server.map((point, index) => `${point}: ${codes[index]}`).join(', ')
    return fail(`no contact point answers (${shown})`, { text: adviceFor(codes) })
  },
}

function splitPoint(point: string, port: number): { host: string; port: number } {
  const match = /^\[(.*)\](?::(\d+))?$/.exec(point) ?? /^([^:]*)(?::(\d+))?$/.exec(point)
  return { host: match?.[1] ?? point, port: match?.[2] ? Number(match[2]) : port }
}

const advices: readonly [string, string][] = [
  ['ENOTFOUND', 'no such host: correct -server'],
  ['ECONNREFUSED', 'start Cassandra there, or correct -server and -port'],
  ['no CQL', 'another program listens there, or only TLS is spoken: correct -server and -port'],
  ['timeout', 'look for a firewall between here and there, or correct -server'],
]

function adviceFor(codes: readonly string[]): string {
  const known = advices.find(([code]) => codes.includes(code))
  return known?.[1] ?? 'look into the network between here and there, or correct -server'
}

async function mayLogIn(config: Config): Promise<Finding> {
  try {
    await checkSchema(config)
  } catch (error) {
    if (error instanceof StoreUnavailable || isLogin(error)) {
      return fail(`the store answers and does not let us in: ${messageOf(error)}`, {
        text: 'give -username and -password_file of a user who may read and write the keyspace',
      })
    }
    // Anything else wrong with it is the next check's to tell.
    if (!(error instanceof StoreUnusable)) throw error
  }
  return ok(`${config.server?.join(', ')} answers`)
}

function isLogin(error: unknown): boolean {
  return error instanceof StoreUnusable && /log ?in|credential|user|password/i.test(error.message)
}

export const schemaCheck: Check = {
  name: 'schema',
  run: async (_system, config) => {
    if (!config.server) return skip(embedded)
    try {
      const missing = await checkSchema(config)
      if (missing === 0) return ok(`keyspace ${config.keyspace} is complete`)
      return fail(`keyspace ${config.keyspace} lacks tables of this version`, {
        text: 'make them',
        command: commandFor(config, ['init']),
      })
    } catch (error) {
      if (error instanceof StoreUnusable) {
        return fail(messageOf(error), { text: 'use the CassFS that made it, or a newer one' })
      }
      if (error instanceof StoreUnavailable) return skip('the store cannot be asked')
      throw error
    }
  },
}

export const clockCheck: Check = {
  name: 'clock',
  run: async ({ nowMs }, config) => {
    if (!config.server) return skip(embedded)
    try {
      const skewMs = await withStore(config, async (store) => {
        const before = nowMs()
        const theirs = await store.clockMs()
        return theirs - (before + nowMs()) / 2
      })
      if (Math.abs(skewMs) <= skewMsMax)
        return ok(`${Math.round(Math.abs(skewMs))} ms from the store's`)
      const side = skewMs > 0 ? 'behind' : 'ahead of'
      return warn(`this clock is ${formatDuration(Math.abs(skewMs))} ${side} the store's`, {
        text: 'keep this host and the nodes of Cassandra on network time',
        command: 'timedatectl set-ntp true',
        asRoot: true,
      })
    } catch (error) {
      if (error instanceof StoreUnavailable || error instanceof StoreUnusable) {
        return skip('the store cannot be asked')
      }
      throw error
    }
  },
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
