import { counted, formatDuration } from '../base/format.ts'
import type { RequestDead, RequestDone, RequestSkipped } from '../contracts/crawl-events.ts'
import type { LogLine } from '../contracts/events.ts'
import { listen, type Observed } from '../observe/observed.ts'
import type { Display } from './display.ts'

/**
 * What a crawl says while it runs, besides its progress: lines of its source; mistakes in the source, as soon as one is
 * made and once for each place, since a wrong line of code fails on every page; and with `--verbose` a line for each page.
 */
export interface PageLines {
  /** URLs whose giving up has been told already. */
  readonly told: ReadonlySet<string>
  end(): void
}

/** Lines of a stack that are shown; the dead letter has them all. */
const mostCalls = 5
/** Places that are told of; a source that fails in more of them fails everywhere. */
const mostPlaces = 20

export function showPageLines(crawler: Observed, display: Display, verbose: boolean): PageLines {
  const told = new Set<string>()
  const places = new Set<string>()
  const onDead = (dead: RequestDead) => {
    const isMistake = dead.code === 'source-failed' || dead.code === 'item-invalid'
    const place = dead.where ?? dead.detail.slice(0, 40)
    const isNews = isMistake && !places.has(place) && places.size < mostPlaces
    if (isNews) places.add(place)
    if (!isNews && !verbose) return
    told.add(dead.url)
    for (const line of gaveUp(dead, isNews)) display.warn(line)
  }
  // What the state says of its crawls was said before they began.
  const onLog = ({ kind, crawl, message }: LogLine) => {
    if (kind !== 'skipped' && crawl !== undefined) display.note(message)
  }
  const ends = [listen(crawler, 'request.dead', onDead), listen(crawler, 'log', onLog)]
  if (verbose) {
    ends.push(listen(crawler, 'request.done', (page) => display.note(pageLine(page))))
    ends.push(listen(crawler, 'request.skipped', (page) => display.note(skippedLine(page))))
  }
  return {
    told,
    end() {
      for (const end of ends) end()
    },
  }
}

/** What was given up and why; with `calls`, where in the source that was. */
export function gaveUp(
  dead: Pick<RequestDead, 'url' | 'code' | 'detail' | 'stack'>,
  calls: boolean,
): string[] {
  const what = dead.code === 'item-invalid' ? 'set aside' : `gave up ${dead.url}`
  const stack = calls && dead.stack !== undefined ? dead.stack.split('\n').slice(0, mostCalls) : []
  return [`regatta: ${what}: ${dead.detail} (${dead.code})`, ...stack.map((call) => `    ${call}`)]
}

function pageLine({ status, url, items, links, unchanged, elapsedMs, via, trust }: RequestDone): string {
  const found = unchanged ? 'unchanged' : `${counted(items, 'item')}, ${counted(links, 'link')}`
  const doubt = trust === 'contested' || trust === 'unproven' ? `, ${trust}` : ''
  return `${status} ${url}: ${found}, ${formatDuration(elapsedMs)} via ${via}${doubt}`
}

function skippedLine({ url, detail }: RequestSkipped): string {
  return `skipped ${url}: ${detail}`
}
