import type { Clock } from '../base/clock.ts'
import { isPublicUrl } from '../base/public-host.ts'
import { readAtMost } from '../base/read-at-most.ts'
import { beginsLikeHtml } from '../base/sniff-mime.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Spent } from '../contracts/job.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import { fetchableUrl } from './canonical-url.ts'
import { noRules, type RobotsRules, readRobots, targetOf } from './robots-rules.ts'

/**
 * robots.txt as RFC 9309 wants it: one file per origin, asked once and kept for a day. What answers and is no robots.txt
 * (4xx, a login page, redirects without end) has no rules. A file that cannot be had (5xx, 429, no answer) forbids everything,
 * so it is asked again, later each time, and given up after a while, or at once where there is no host at all. A file that
 * we have outlives a failed renewal. robots-rules.ts knows the syntax, this the protocol.
 */
export interface Robots {
  /** May this URL be fetched? Never rejects. Attempts that it takes are counted with the asker's. */
  decide(url: string, asker?: Spent): Promise<RobotsDecision>
  /** `decide` without the reason: false as well while the file cannot be had. */
  allows(url: string): Promise<boolean>
  /** Milliseconds between two requests to the host of `url`, up to an hour; undefined when the file says nothing. */
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
  /** Gives a redirect itself. A rejection means that the file could not be had. */
  fetch(url: string, asker?: Spent): Promise<Response>
  /** The product token that groups are matched with; undefined for none. Asked once for each file. */
  agent(url: string): string | undefined
  /** Whether the host has answered anything well in this run: it is waited for longer. Default: never. */
  hasAnswered?(url: string): boolean
  /** Told once of a file that is long in coming: its host's pages wait. Default: nobody is. */
  late?(origin: string): void
  readonly clock: Clock
  /** How long a file is kept, in ms. Default 24 h, which RFC 9309 section 2.4 asks for. */
  readonly ttl?: number
}

/** What is known of one origin: rules once there are any, and when to ask again. */
interface Known {
  readonly rules: RobotsRules | undefined
  /** Tries that failed in a row, and when the first of them began, clock ms. */
  readonly tries: number
  readonly since: number
  /** How long after that the file is given up, ms. */
  readonly patience: number
  /** Undefined when the file was had, or is known not to be there. */
  readonly failure: RobotsFailure | undefined
  /** Nobody waits for the file any more. */
  readonly isOver: boolean
  readonly until: number
}

/** Every exit was refused the file. */
const refusedEverywhere = 'blocked-everywhere'
/** RFC 9309 section 2.5: at least 500 KiB must be parsed. */
const maxBytes = 500 * 1024
const maxRedirects = 5
/** Between two tries in a row, ms: 5, 10, 20, … seconds, up to five minutes. */
const firstPause = 5_000
const longestPause = 300_000
/** How long a file is waited for, ms: from a host that has answered well in this run, and from one that has not. */
const longestWait = 900_000
const strangersWait = 120_000
/** How long pages end at once after that, ms. */
const restAfter = 3_600_000
/** A file that has not come after so long is told, ms. */
const lateAfter = 8_000
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
/** So ends what is no robots.txt: as one that is not there. */
const isNoFile: ReadonlySet<string> = new Set([
  'redirect-limit',
  'redirect-not-web',
  'private-target',
  'not-recorded',
  'body-too-large',
  'decode-bomb',
])
/** How a try ends that somebody called off. */
const leftAlone: ReadonlySet<string> = new Set(['aborted', 'stopped', 'ABORTED', 'STOPPED'])
const unknown: RobotsFailure = { code: 'unreachable', detail: 'it could not be had' }
/** Origins remembered; the one asked for first goes first. */
const maxOrigins = 10_000

export function createRobots(options: RobotsOptions): Robots {
  const { clock, ttl = 86_400_000 } = options
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
    const begun = clock.now()
    const { rules = undefined, tries: failed = 0, isOver = false } = before ?? {}
    // Asked before the first try: a redirect of the file itself is an answer, too.
    const isFirst = before === undefined || failed === 0
    const patience = isFirst ? (options.hasAnswered?.(origin) ? longestWait : strangersWait) : before.patience
    const inTime = before === undefined ? clock.after(lateAfter, () => options.late?.(origin)) : undefined
    const answer = await read((url) => options.fetch(url, asker), `${origin}/robots.txt`)
    inTime?.()
    const now = clock.now()
    if (!('code' in answer)) {
      const rules = answer.length === 0 ? noRules : readRobots(answer, options.agent(origin))
      return { rules, tries: 0, since: now, patience, failure: undefined, isOver: false, until: now + ttl }
    }
    const since = isFirst ? begun : before.since
    // Those who asked have gone: that says nothing about the file, and the next one asks anew.
    if (leftAlone.has(answer.code))
      return { rules, tries: failed, since, patience, failure: answer, isOver, until: now }
    const tries = failed + 1
    const pause = Math.min(longestPause, firstPause * 2 ** (tries - 1))
    const isLast = isHostGone(answer) || now + pause - since > patience
    return {
      rules,
      tries,
      since,
      patience,
      failure: answer,
      isOver: isLast,
      until: now + (isLast ? restAfter : pause),
    }
  }

  async function decide(url: string, asker?: Spent): Promise<RobotsDecision> {
    const { rules, failure = unknown, isOver, until } = await learn(new URL(url).origin, asker)
    if (!rules) return { allowed: false, reason: 'unreachable', retryAt: isOver ? undefined : until, failure }
    return rules.allows(targetOf(url)) ? { allowed: true } : { allowed: false, reason: 'disallowed' }
  }

  return {
    decide,
    allows: async (url) => (await decide(url)).allowed,
    async crawlDelayMs(url) {
      const { rules } = await learn(new URL(url).origin)
      return rules?.crawlDelay
    },
    async sitemaps(origin, asker) {
      const { rules } = await learn(new URL(origin).origin, asker)
      const urls = (rules?.sitemaps ?? []).map((entry) => fetchableUrl(entry, origin))
      return [...new Set(urls.filter((url) => url !== undefined))]
    },
  }
}

/** Whether it failed for want of a host, and not of the file. */
export function isHostGone({ code }: RobotsFailure): boolean {
  return gone.has(code)
}

/** Statuses that refuse the visitor: over another exit the file may come. */
const refusals: ReadonlySet<number> = new Set([403, 407, 418, 430, 456, 498])

/**
 * What is taken for the host's word about its robots.txt although a rule that is meant for pages would refuse it: any text,
 * and, where no proxy can have said it, redirects and what RFC 9309 section 2.3.1.3 calls unavailable. The rest is
 * judged like a page, so that other exits are asked: what all of them are refused is no file.
 */
export function isRobotsAnswer({ status, body, forwarded, verified }: HttpResponse): boolean {
  if (status >= 200 && status < 300) return !beginsLikeHtml(body)
  if (forwarded && !verified) return false
  return status >= 300 && status < 500 && status !== 429 && !refusals.has(status)
}

/** The file; nothing when the site has none; what went wrong when that cannot be known now. */
async function read(
  fetch: (url: string) => Promise<Response>,
  start: string,
): Promise<Uint8Array | RobotsFailure> {
  let url = start
  try {
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const response = await fetch(url)
      if (response.ok) return await readAtMost(response, maxBytes)
      await response.body?.cancel()
      const location = response.headers.get('location')
      const next = location === null ? undefined : fetchableUrl(location, url)
      // More redirects than five, or one to nowhere, count as a file that is not there (RFC 9309 section 2.3.1.2).
      if (response.status >= 300 && response.status < 400) {
        if (next === undefined || (isPublicUrl(start) && !isPublicUrl(next))) return noFile
        url = next
        continue
      }
      // 429 says "later" and not "no": taking it for a missing file would open the whole site.
      const { status } = response
      return status < 500 && status !== 429
        ? noFile
        : { code: `status-${status}`, detail: `it answers ${status}` }
    }
    return noFile
  } catch (error) {
    const code = codeOf(error)
    return isNoFile.has(code) || isWithheld(error) ? noFile : { code, detail: messageOf(error) }
  }
}

const noFile = new Uint8Array()

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
