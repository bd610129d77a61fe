import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { loadSnapshot } from './reputation/load.ts'
import type { ProxiesRecord } from './reputation/snapshot-record.ts'

/**
 * What the crawls of a folder have learned of their proxies and hosts, as it was written down last; also while a process owns
 * it. Times are wall-clock ms.
 */
export interface StoredProxy {
  /** The proxy's label. */
  readonly proxy: string
  readonly state: 'closed' | 'open' | 'halfOpen' | 'isolated' | 'retired'
  /** Why it is in that state; empty while it is closed. */
  readonly reason: string
  /** When it may be probed; undefined unless it is open. */
  readonly until: number | undefined
  /** Share of its attempts that succeeded, older ones counting less; undefined before the first. */
  readonly success: number | undefined
  /** Mean time to the response head, ms; undefined before the first answer. */
  readonly firstByteMs: number | undefined
  readonly attempts: number
  readonly lies: boolean
}

export interface StoredHost {
  readonly host: string
  readonly state: 'serving' | 'throttled' | 'down'
  readonly reason: string
  /** When it ends by itself; undefined while it serves. */
  readonly until: number | undefined
}

export interface StoredFleet {
  readonly proxies: readonly StoredProxy[]
  readonly hosts: ReadonlyMap<string, StoredHost>
}

/** Undefined where there is none, or none that can be read: the owner of the file tells what is wrong with it. */
export async function readStoredFleet(dir: string, clock: Clock): Promise<StoredFleet | undefined> {
  const loaded = await loadSnapshot(join(dir, 'reputation.sqlite'), clock)
  if (loaded.kind !== 'snapshot') return undefined
  const proxies: StoredProxy[] = []
  const hosts = new Map<string, StoredHost>()
  for (const record of loaded.snapshot.records) {
    if (record.kind === 'proxies') proxies.push(...proxiesIn(record))
    if (record.kind !== 'host') continue
    const { host, state, reason, until, at } = record
    const isServing = state === 'serving'
    hosts.set(host, {
      host,
      state,
      reason: isServing ? '' : reason,
      until: isServing ? undefined : at + until,
    })
  }
  return { proxies, hosts }
}

function proxiesIn(record: ProxiesRecord): StoredProxy[] {
  const { at, proxies, success, failure, firstByte, uses, outages } = record
  const shut = new Map(outages.map((outage) => [outage[0], outage]))
  return proxies.map((proxy, row) => {
    const [, state = 'closed', until, , reason = ''] = shut.get(row) ?? []
    const weight = success[row]! + failure[row]!
    return {
      proxy,
      state,
      reason,
      until: state === 'open' && until !== undefined ? at + until : undefined,
      success: weight > 0 ? success[row]! / weight : undefined,
      firstByteMs: firstByte[row]! > 0 ? firstByte[row]! : undefined,
      attempts: uses[row]!,
      lies: state === 'isolated' && reason === 'lies',
    }
  })
}
