import type parser from 'robots-parser'
import { atFirstUse } from '../base/at-first-use.ts'
import type { Clock } from '../base/clock.ts'
import { isPublicUrl } from '../base/public-host.ts'
import { readAtMost } from '../base/read-at-most.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Spent } from '../contracts/job.ts'
import { fetchableUrl } from './canonical-url.ts'

/**
 * robots.txt as RFC 9309 wants it: one file per origin, asked once and kept for a day; 4xx allows everything; a file
 * that cannot be had (5xx, no connection) forbids everything, so it is asked again, later each time, and given up after
 * `maxTries`, or at once where there is no host at all. A file that we have outlives a failed renewal. robots-parser knows
 * the syntax, this the protocol.
 */
export interface Robots {
  /** May this URL be fetched? Never rejects. Attempts that it takes are counted with the asker's. */
  decide(url: string, asker?: Spent): Promise<RobotsDecision>
  /** `decide` without the reason: false as well while the file cannot be had. */
  allows(url: string): Promise<boolean>
  /** Milliseconds between two requests to the host of `url`; undefined when the file says nothing. */
  crawlDelayMs(url: string): Promise<number | undefined>
  /** Absolute URLs of the sitemaps that the origin's file names. */
  sitemaps(origin: string, asker?: Spent): Promise<readonly string[]>
}

export type RobotsDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: 'disallowed' }
  | RobotsUnreachable

export interface RobotsUnreachable {
  readonly allowed: false
  readonly reason: 'unreachable'
  /** Clock time in ms from which asking again makes sense; undefined when there is no use in it any more. */
  readonly retryAt: number | undefined
  /** What became of the last try. */
  readonly failure: RobotsFailure
}

export interface RobotsFailure {
  /** The reason of the task that failed (`host-not-found`, `path-faults`), or `status-` and a number. */
  readonly code: string
  /** A sentence for people. */
  readonly detail: string
}

export interface RobotsOptions {
  /** May follow redirects itself. A rejection means that the file could not be had. */
  fetch(url: string, asker?: Spent): Promise<Response>
  /** What the host of a URL is sent. Its first word, up to `/`, is the product token that groups are matched with. */
  userAgent(url: string): string
  readonly clock: Clock
  /** How long a file is kept, in ms. Default 24 h, which RFC 9309 section 2.4 asks for. */
  readonly ttl?: number
  /** How often an unreachable file is asked for in a row. Default 5, after 1, 2, 4 and 8 minutes: a quarter of an hour. */
  readonly maxTries?: number
}

/** Its types describe an ES module, and it is a CommonJS one: what is loaded is the function itself. */
const robotsParser = atFirstUse<typeof parser.default>('robots-parser')
type Rules = ReturnType<typeof parser.default>

/** What is known of one origin: rules once there are any, and when to ask again. */
interface Known {
  readonly rules: Rules | undefined
  readonly tries: number
  /** Undefined when the file was had, or is known not to be there. */
  readonly failure: RobotsFailure | undefined
  readonly until: number
}

/** Every exit was refused the file. */
const refusedEverywhere = 'blocked-everywhere'
/** RFC 9309 section 2.5: at least 500 KiB must be parsed. */
const maxBytes = 500 * 1024
const maxRedirects = 5
const firstPause = 60_000
/** Nothing at all is to be had from such a host, so nobody waits for its file: its pages end, and say why. */
const gone: ReadonlySet<string> = new Set([
  'host-not-found',
  'host-unreachable',
  'no-way-out',
  'rate-limited',
  'proxy-auth',
  'proxy-quota',
  refusedEverywhere,
])
/** So end redirects that lead nowhere: as for a file that is not there. */
const leadsNowhere: ReadonlySet<string> = new Set(['redirect-limit', 'redirect-not-web', 'private-target'])
/** How a try ends that somebody called off. */
const leftAlone: ReadonlySet<string> = new Set(['aborted', 'stopped', 'ABORTED', 'STOPPED'])
const unknown: RobotsFailure = { code: 'unreachable', detail: 'it could not be had' }
/** Origins remembered; the one asked for first goes first. */
const maxOrigins = 10_000
/** A delay above this is taken for a mistake in units. */
const maxDelay = 3_600_000

export function createRobots(options: RobotsOptions): Robots {
  const { clock, ttl = 86_400_000, maxTries = 5 } = options
  const cache = new Map<string, { known: Known | undefined; asking: Promise<Known> | undefined }>()

  function learn(origin: string, asker?: Spent): Known | Promise<Known> {
    let entry = cache.get(origin)
    if (entry?.known && clock.now() < entry.known.until) return entry.known
    if (!entry) {
      entry = { known: undefined, asking: undefined }
      cache.set(origin, entry)
      if (cache.size > maxOrigins) cache.delete(cache.keys().next().value!)
    }
    const current = entry
    current.asking ??= ask(origin, current.known, asker).then((known) => {
      current.known = known
      current.asking = undefined
      return known
    })
    return current.asking
  }

  async function ask(origin: string, before: Known | undefined, asker: Spent | undefined): Promise<Known> {
    const answer = await read((url) => options.fetch(url, asker), `${origin}/robots.txt`)
    if (typeof answer === 'string') {
      const rules = robotsParser()(`${origin}/robots.txt`, bounded(answer))
      return { rules, tries: 0, failure: undefined, until: clock.now() + ttl }
    }
    // Those who asked have gone: that says nothing about the file, and the next one asks anew.
    if (leftAlone.has(answer.code)) {
      return { rules: before?.rules, tries: before?.tries ?? 0, failure: answer, until: clock.now() }
    }
    const tries = Math.min(maxTries, (before?.tries ?? 0) + 1)
    const pause = tries < maxTries ? firstPause * 2 ** (tries - 1) : ttl
    return { rules: before?.rules, tries, failure: answer, until: clock.now() + pause }
  }

  async function decide(url: string, asker?: Spent): Promise<RobotsDecision> {
    const { rules, tries, failure = unknown, until } = await learn(new URL(url).origin, asker)
    if (!rules) {
      const isOver = tries === maxTries || isHostGone(failure)
      return { allowed: false, reason: 'unreachable', retryAt: isOver ? undefined : until, failure }
    }
    const allowed = rules.isAllowed(url, options.userAgent(url)) ?? true
    return allowed ? { allowed } : { allowed: false, reason: 'disallowed' }
  }

  return {
    decide,
    allows: async (url) => (await decide(url)).allowed,
    async crawlDelayMs(url) {
      const { rules } = await learn(new URL(url).origin)
      const delay = (rules?.getCrawlDelay(options.userAgent(url)) ?? 0) * 1_000
      return delay > 0 && delay <= maxDelay ? delay : undefined
    },
    async sitemaps(origin, asker) {
      const { rules } = await learn(new URL(origin).origin, asker)
      const urls = (rules?.getSitemaps() ?? []).map((entry) => fetchableUrl(entry, origin))
      return [...new Set(urls.filter((url) => url !== undefined))]
    },
  }
}

/** Stars of one rule, and rules with stars, that are taken as they are; a path is looked through for each star. */
const mostStars = 16
const mostStarred = 1_000
const longestLine = 4_096

/**
 * The file with rules whose cost has a bound: a rule with more stars ends at the last one that counts, and so holds for
 * more paths. Half a megabyte of stars would take seconds for every link.
 */
function bounded(text: string): string {
  let starred = 0
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => {
      const short = line.slice(0, longestLine)
      if (!/^\s*(?:dis)?allow/i.test(short) || !short.includes('*')) return short
      const parts = short.split('*', ++starred > mostStarred ? 2 : mostStars + 1)
      return parts.length > mostStars || starred > mostStarred ? parts.slice(0, -1).join('*') : short
    })
    .join('\n')
}

/** Whether it failed for want of a host, and not of the file. */
export function isHostGone({ code }: RobotsFailure): boolean {
  return gone.has(code)
}

/** The file's text; '' when the site has none (4xx); what went wrong when that cannot be known now. */
async function read(
  fetch: (url: string) => Promise<Response>,
  start: string,
): Promise<string | RobotsFailure> {
  let url = start
  try {
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const response = await fetch(url)
      if (response.ok) {
        const body = await readAtMost(response, maxBytes)
        return new TextDecoder().decode(body)
      }
      await response.body?.cancel()
      const location = response.headers.get('location')
      const next = location === null ? undefined : fetchableUrl(location, url)
      // More redirects than five, or one to nowhere, count as a file that is not there (RFC 9309 section 2.3.1.2).
      if (response.status >= 300 && response.status < 400) {
        if (next === undefined || (isPublicUrl(start) && !isPublicUrl(next))) return ''
        url = next
        continue
      }
      // 429 says "later" and not "no": taking it for a missing file would open the whole site.
      const { status } = response
      return status < 500 && status !== 429
        ? ''
        : { code: `status-${status}`, detail: `it answers ${status}` }
    }
    return ''
  } catch (error) {
    const code = codeOf(error)
    return leadsNowhere.has(code) || isWithheld(error) ? '' : { code, detail: messageOf(error) }
  }
}

/**
 * The site answered, and not with the file: a refusal, a login, an empty page. What was judged as a page is no fault of a
 * robots.txt; by RFC 9309 section 2.3.1.3 it is not there.
 */
function isWithheld(error: unknown): boolean {
  if (!(error instanceof RegattaError) || error.code !== 'TASK_FAILED') return false
  const { value } = error
  if (typeof value !== 'object' || value === null || !('status' in value)) return false
  const { status } = value
  return typeof status === 'number' && status < 500 && status !== 429
}

/** The slug of a task that failed, else the code of the error. */
function codeOf(error: unknown): string {
  if (!(error instanceof RegattaError)) return unknown.code
  const { value } = error
  if (typeof value !== 'object' || value === null || !('reason' in value)) return error.code
  return typeof value.reason === 'string' ? value.reason : error.code
}
