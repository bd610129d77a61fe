import { fetchableUrl, fingerprint } from '../../admission/canonical-url.ts'
import type { Database } from '../../sqlite/database.ts'
import { rowsOf } from '../../sqlite/query.ts'
import { fold } from '../fold.ts'
import { fingerprintOf, homeOf, idsIn } from './seen-table.ts'

/**
 * Where one request of a crawl is, for a person who asks: in the queue, resting until its next visit, or ended. Looks through
 * whole tables where it must, so it is for a question now and then.
 */
export interface Whereabouts {
  readonly is: 'queued' | 'resting' | 'ended'
  /** What is asked for. */
  readonly url: string
  /** Times it was taken; undefined for one that has ended. */
  readonly attempts?: number
  /** Wall-clock ms before which it is not taken. */
  readonly due?: number
  readonly depth?: number
  /** The page it was found on. */
  readonly referrer?: string
}

interface Row {
  readonly url: string
  readonly rest: string
  readonly attempts: number
  readonly due: number
}

/** `which` is a URL or the id of a request. Undefined when this crawl has never seen it. */
export function whereaboutsOf(database: Database, which: string, version: number): Whereabouts | undefined {
  const url = fetchableUrl(which) ?? which
  const isIt = "url = ?1 OR url = ?2 OR json_extract(rest, '$.id') = ?1"
  const from = (table: string, attempts: string) =>
    `SELECT url, rest, ${attempts} AS attempts, due FROM ${table} WHERE ${isIt} LIMIT 1`
  const tables: [is: Whereabouts['is'], sql: string][] = [['queued', from('queue', 'attempts')]]
  if (version >= 7) tables.push(['queued', from('recall', 'attempts')])
  if (version >= 2) tables.push(['resting', from('visit', '0')])
  for (const [is, sql] of tables) {
    const row = database.prepare(sql).get(which, url) as Row | undefined
    if (row) return found(is, row)
  }
  return wasSeen(database, which, url) ? { is: 'ended', url } : undefined
}

function found(is: Whereabouts['is'], { url, rest, attempts, due }: Row): Whereabouts {
  const { depth, referrer } = JSON.parse(rest) as { depth?: number; referrer?: string }
  return {
    is,
    url,
    attempts,
    due,
    ...(depth !== undefined && { depth }),
    ...(referrer !== undefined && { referrer }),
  }
}

/** Its id is known among those that were ever added. */
function wasSeen(database: Database, which: string, url: string): boolean {
  const isUrl = URL.canParse(url)
  const id = isUrl ? fingerprint({ url }) : which
  const folded = new Uint32Array(2)
  fold(id, folded)
  const print = fingerprintOf(folded)
  const homes = new Set(hostsOf(database, isUrl ? url : undefined).map((host) => homeOf(host, id)))
  const has = database.prepare('SELECT 1 FROM seen WHERE host = ? AND fp = ?')
  for (const home of homes) if (has.get(home, print) !== undefined) return true
  const log = database.prepare('SELECT seq, ids FROM seen_log WHERE seq > ? ORDER BY seq LIMIT ?')
  for (const { ids } of rowsOf<{ seq: number; ids: Uint8Array }>(log, ({ seq }) => seq, 100)) {
    for (const [host, known] of idsIn(ids)) if (known === print && homes.has(host)) return true
  }
  return false
}

/** A host's key may be its name, its domain, or what a function of the user's makes of it: those that fit, or all. */
function hostsOf(database: Database, url: string | undefined): number[] {
  const all = database.prepare('SELECT id, key FROM host').all() as unknown as { id: number; key: string }[]
  const host = url === undefined ? undefined : URL.parse(url)?.host
  const fitting = all.filter(({ key }) => host !== undefined && (host === key || host.endsWith(`.${key}`)))
  return (fitting.length > 0 ? fitting : all).map(({ id }) => id)
}
