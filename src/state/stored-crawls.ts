import { existsSync, statSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { DeadLetter } from '../contracts/frontier.ts'
import { type InspectedCounts, type InspectedHost, inspectFrontier } from '../frontier/sqlite/inspect.ts'
import { applicationId } from '../frontier/sqlite/migrations.ts'
import { openSqliteFrontier } from '../frontier/sqlite/open.ts'
import type { Whereabouts } from '../frontier/sqlite/whereabouts.ts'
import type { Progress } from '../rules/over.ts'
import { peekVersion } from '../sqlite/schema-version.ts'
import { type CrawlRecord, parseRecord } from './crawl-record.ts'
import { lockState } from './folder-lock.ts'
import { reviveLetters } from './revive-letters.ts'

/** A look at the crawls in a folder of state, while their owner works or when nobody does. Only `revive` writes. */
export interface InspectedCrawl {
  readonly name: string
  readonly record: CrawlRecord | undefined
  readonly counts: InspectedCounts
  /** Bytes on disk. */
  readonly bytes: number
  /** Those with the most left first, a thousand at most. */
  readonly hosts: readonly InspectedHost[]
}

const mostHosts = 1_000

/** The crawls in a folder, by name. Throws STATE_CORRUPT or STATE_VERSION naming the file. */
export async function listCrawls(dir: string): Promise<InspectedCrawl[]> {
  const names = await crawlNames(dir)
  return Promise.all(names.map((name) => readCrawl(dir, name)))
}

/** Names of all crawls but those of earlier rounds. */
export async function crawlNames(dir: string): Promise<string[]> {
  const files = await readdir(dir).catch(() => [])
  return files
    .filter((file) => file.endsWith('.db') && file !== 'lock.db' && !file.endsWith('.previous.db'))
    .map((file) => file.slice(0, -3))
    .filter((name) => !name.includes('.corrupt-') && !isOther(crawlPath(dir, name)))
    .sort()
}

/** A sound database that is no crawl: a sink, a cache. */
function isOther(path: string): boolean {
  try {
    if (statSync(path).size === 0) return false
    const found = peekVersion(path)
    return found !== undefined && found.application !== applicationId
  } catch {
    return false // damaged, or no database at all: perhaps ours
  }
}

async function readCrawl(dir: string, name: string): Promise<InspectedCrawl> {
  const path = crawlPath(dir, name)
  const file = inspectFrontier(path)
  try {
    const bytes = await Promise.all([path, `${path}-wal`].map(sizeOf))
    return {
      name,
      record: parseRecord(file.side('crawl')),
      counts: file.counts(),
      bytes: bytes.reduce((sum, each) => sum + each, 0),
      hosts: file.hosts(mostHosts),
    }
  } finally {
    file.close()
  }
}

export function* readDeadLetters(dir: string, name: string): Generator<DeadLetter> {
  const file = inspectFrontier(crawlPath(dir, name))
  try {
    yield* file.deadLetters()
  } finally {
    file.close()
  }
}

/** Where a request of a crawl is, by URL or id; undefined for one that it has never seen. */
export function whereIs(dir: string, name: string, which: string): Whereabouts | undefined {
  const file = inspectFrontier(crawlPath(dir, name))
  try {
    return file.whereabouts(which)
  } finally {
    file.close()
  }
}

/** Puts dead letters back into their queues, by crawl and request id. Tells how many. Throws STATE_LOCKED. */
export async function reviveDeadLetters(
  dir: string,
  chosen: ReadonlyMap<string, readonly string[]>,
  clock: Clock,
): Promise<number> {
  if (chosen.size === 0) return 0
  const lock = await lockState(dir, clock)
  try {
    let revived = 0
    for (const [name, ids] of chosen) {
      const frontier = await openSqliteFrontier({ path: crawlPath(dir, name), clock })
      try {
        revived += await reviveLetters(frontier, ids)
      } finally {
        await frontier.close()
      }
    }
    return revived
  } finally {
    await lock.release()
  }
}

export function crawlPath(dir: string, name: string): string {
  return join(dir, `${name}.db`)
}

async function sizeOf(path: string): Promise<number> {
  return existsSync(path) ? (await stat(path)).size : 0
}

/** How far a crawl is, for the rules that say whether it is over. */
export function progressOf({ record, counts }: InspectedCrawl): Progress {
  const { left, resting, undelivered, tally } = counts
  return { ending: record?.ending, pages: tally.pages ?? 0, left, resting, undelivered }
}
