import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { messageOf } from '../contracts/errors.ts'
import type { Source } from '../contracts/source.ts'
import { createCrawler } from '../face/crawler.ts'
import type { CrawlerOptions } from '../options/options.ts'
import { type Check, checked } from './check-report.ts'
import { withoutStop } from './check-schema.ts'
import { driftBetween, shapeOfItems } from './item-shape.ts'
import { itemOf, plainJson } from './outputs-text.ts'
import { watchSource } from './watched-source.ts'

/** The first pages of a source as they are today. */
export interface LiveOptions {
  /** Pages that are fetched at most. Default 3. */
  readonly pages?: number | undefined
  /** How they are fetched: proxies, or `direct`. Nothing is fetched without a word of it. */
  readonly crawler: CrawlerOptions
}

interface LiveOrder extends LiveOptions {
  readonly params: unknown
  /** Items of the fixtures, as JSON, by kind. */
  readonly items: readonly unknown[]
}

/** The longest that all of it may take. */
const patienceMs = 120_000
const mostTold = 10

export async function checkLive(source: Source, order: LiveOrder): Promise<readonly Check[]> {
  const { pages = 3, crawler: options, params, items } = order
  const savesTo = await mkdtemp(join(tmpdir(), 'regatta-live-'))
  // Where the next run is to begin stays as it is.
  const { complete: _, ...own } = source
  const watch = watchSource(own, { savesTo, mostSeeds: 10_000 })
  const given: string[] = []
  const late = new AbortController()
  const cancel = systemClock.after(options.deadline ?? patienceMs, () => late.abort())
  try {
    await using crawler = await createCrawler(options)
    crawler.on('request.dead', ({ url, code, detail }) => given.push(`${url}: ${code} (${detail})`))
    const crawl = crawler.crawl(watch.source, params as never, {
      maxPages: pages,
      keepTrying: false,
      signal: late.signal,
    })
    await crawl.run()
  } catch (error) {
    given.push(messageOf(error))
  } finally {
    cancel()
    await rm(savesTo, { recursive: true, force: true })
  }
  if (late.signal.aborted) given.push('it took too long, and was ended')
  const visits = watch.visits.filter(({ isWhole }) => isWhole)
  const outputs = visits.flatMap((visit) => visit.outputs)
  const live = outputs.flatMap((output) =>
    output.kind === 'item' ? [plainJson(itemOf(output), savesTo)] : [],
  )
  const refused = outputs.flatMap((output) =>
    output.kind === 'refused' ? [withoutStop(output.error.message)] : [],
  )
  const failed = visits.flatMap(({ error, url }) =>
    error === undefined ? [] : [`${url}: ${messageOf(error)}`],
  )
  const read = `${count(visits.length, 'page')} read, ${count(live.length, 'item')}`
  const faults = [...failed, ...refused]
  const isFailed = visits.length === 0 || faults.length > 0
  const notes = [...faults, ...given].slice(0, mostTold)
  const outcome = isFailed ? 'failed' : given.length > 0 ? 'notice' : 'ok'
  return [
    checked('live', outcome, read, { more: notes }),
    driftOf({
      items,
      live: [
        ...live,
        ...outputs.flatMap((output) =>
          output.kind === 'refused' ? [plainJson(itemOf(output), savesTo)] : [],
        ),
      ],
      pages: visits.length,
    }),
  ]
}

function driftOf({
  items,
  live,
  pages,
}: {
  readonly items: readonly unknown[]
  readonly live: readonly unknown[]
  readonly pages: number
}): Check {
  if (items.length === 0) return checked('drift', 'skipped', 'the fixtures have no items to compare with')
  if (pages === 0) return checked('drift', 'skipped', 'no live page was read')
  const way = 'Look at the page with regatta try, mend parse, and record a new fixture with regatta record'
  if (live.length === 0) {
    const detail = `${count(items.length, 'item')} in the fixtures, none in ${count(pages, 'live page')}`
    return checked('drift', 'failed', detail, { way })
  }
  const drift = driftBetween(shapeOfItems(items), shapeOfItems(live))
  if (drift.length > 0)
    return checked('drift', 'failed', 'items are no longer as in the fixtures', { more: drift, way })
  return checked(
    'drift',
    'ok',
    `${count(live.length, 'live item')} as ${count(items.length, 'fixture item')}`,
  )
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
