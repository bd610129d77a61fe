import { STATUS_CODES } from 'node:http'
import type { ExitTotals } from '../books.ts'
import type { EmulatedVisit, Emulation } from '../emulations/emulation.ts'
import { pickHash } from '../hash.ts'
import { malformedReply } from './malformed.ts'
import type { Manners } from './manners.ts'
import type { Exchange } from './origin-exchange.ts'
import { type Counted, opensAt, type Rate, waitFor } from './rate.ts'
import { notice, type Reply, redirect, reply } from './reply.ts'

/** Who is let in. Everything is per exit address, because that is what real hosts see. */
export interface Visitor extends ExitTotals, Counted {
  requests: number
  limited: number
  banned: boolean
  peakInFlight: number
  inFlight: number
  /** Like `requests` and `limited`, but no clearing of books empties them. */
  seen: number
  refused: number
  bannedUntil: number
  /** What an emulated service said of its last request. */
  rate: Rate | undefined
}

export function createVisitor(): Visitor {
  return {
    requests: 0,
    limited: 0,
    banned: false,
    peakInFlight: 0,
    inFlight: 0,
    seen: 0,
    refused: 0,
    bannedUntil: 0,
    arrival: 0,
    rate: undefined,
  }
}

/** What the gate says: an answer, silence, a cut connection, or undefined to let the request in. */
export type Sentence = Reply | 'silence' | 'reset' | undefined

export class Gate {
  manners: Manners
  emulation: Emulation | undefined
  #seed: number
  #everybody = createVisitor()

  constructor(manners: Manners, seed: number) {
    this.manners = manners
    this.#seed = seed
  }

  /** `now` in ms since the lab began, `wall` in ms since the epoch; `visit` is what an emulated service is told. */
  judge(
    exchange: Exchange,
    visitor: Visitor,
    now: number,
    wall: number,
    visit: EmulatedVisit | undefined,
  ): Sentence {
    const { windows, ban, limit, malformed, tarpit, challenge, softBlock, login } = this.manners
    for (const each of windows) {
      if (now >= each.fromMs && now < each.toMs) return refusal(each.status)
    }
    if (ban && this.#isBanned(ban, visitor, now))
      return ban.answer === 'reset' ? 'reset' : refusal(ban.answer)
    if (limit) {
      const wait = Math.max(
        limit.perIp ? waitFor(visitor, limit.perIp, now) : 0,
        limit.total ? waitFor(this.#everybody, limit.total, now) : 0,
      )
      if (wait > 0) {
        visitor.limited++
        visitor.refused++
        return limited(limit, wait, wall)
      }
    } else if (visit && this.emulation) {
      const refused = this.#emulated(this.emulation, exchange, visitor, now, visit)
      if (refused) return refused
    }
    if (isRobotsFile(exchange.path)) return undefined
    if (malformed && pickHash(this.#seed + 4, exchange.path) < malformed.share)
      return malformedReply(malformed.kind)
    if (tarpit && this.#hits(tarpit, exchange, visitor, 1)) return 'silence'
    if (challenge && visitor.seen > challenge.afterPerIp) {
      const answer = this.#challenge(challenge.status, exchange)
      if (answer) return answer
    }
    if (softBlock && this.#hits(softBlock, exchange, visitor, 2)) return softBlocks[softBlock.style]
    if (login && exchange.path.startsWith(login.prefix) && exchange.cookie(login.kind) !== 'yes') {
      return redirect(`/${login.kind}?next=${encodeURIComponent(exchange.path)}`)
    }
    return undefined
  }

  /** When a request of this visitor would be let in, as far as time decides: ms since the lab began. */
  admitsAt(visitor: Visitor | undefined, now: number): number {
    const { windows, ban, limit } = this.manners
    const shut = windows.find((each) => now >= each.fromMs && now < each.toMs)
    if (shut) return shut.toMs
    if (ban && visitor?.banned && now < visitor.bannedUntil) return visitor.bannedUntil
    const rate = limit ? limit.perIp : visitor?.rate
    const own = rate && visitor ? opensAt(visitor, rate) : now
    const all = limit?.total ? opensAt(this.#everybody, limit.total) : now
    return Math.max(now, own, all)
  }

  /** The limit of an emulated service, in its own words where it has some. */
  #emulated(
    emulation: Emulation,
    exchange: Exchange,
    visitor: Visitor,
    now: number,
    visit: EmulatedVisit,
  ): Reply | undefined {
    const rate = emulation.limitOf?.(exchange)
    if (!rate) return undefined
    visitor.rate = { ...rate, perMs: rate.perMs * (this.manners.emulates?.scale ?? 1) }
    const wait = waitFor(visitor, visitor.rate, now)
    if (wait === 0) return undefined
    visitor.limited++
    visitor.refused++
    return emulation.refuse?.(wait, visit) ?? limited(plainLimit, wait, visit.wall)
  }

  #isBanned(ban: NonNullable<Manners['ban']>, visitor: Visitor, now: number): boolean {
    if (visitor.banned) {
      if (now < visitor.bannedUntil) return true
      visitor.banned = false
      visitor.seen = 1
      visitor.refused = 0
    }
    visitor.banned =
      visitor.seen > (ban.afterRequests ?? Number.POSITIVE_INFINITY) ||
      visitor.refused > (ban.afterLimited ?? Number.POSITIVE_INFINITY)
    if (visitor.banned) visitor.bannedUntil = now + (ban.forMs ?? Number.POSITIVE_INFINITY)
    return visitor.banned
  }

  #hits(
    rule: { share: number; afterPerIp?: number | undefined },
    exchange: Exchange,
    visitor: Visitor,
    salt: number,
  ) {
    if (rule.afterPerIp !== undefined && visitor.seen > rule.afterPerIp) return true
    return rule.share > 0 && pickHash(this.#seed + salt, exchange.path + exchange.exitIp) < rule.share
  }

  /** The clearance is a function of the address, so another address cannot use it. */
  #challenge(status: number, exchange: Exchange): Reply | undefined {
    const clearance = Math.floor(pickHash(this.#seed + 3, exchange.exitIp) * 2 ** 32).toString(16)
    if (exchange.cookie('cf_clearance') === clearance) return undefined
    const headers = { server: 'cloudflare', 'cf-mitigated': 'challenge' }
    if (exchange.path === '/challenge/solve' && exchange.parameter('answer') === clearance) {
      const cookie = `cf_clearance=${clearance}; Path=/; HttpOnly`
      return redirect(exchange.parameter('next') ?? '/', 302, { 'set-cookie': cookie })
    }
    const link = `/challenge/solve?answer=${clearance}&amp;next=${encodeURIComponent(exchange.path)}`
    return notice(
      status,
      'Just a moment...',
      `<div id="challenge-form"><a href="${link}">Verify</a></div>`,
      headers,
    )
  }
}

function isRobotsFile(path: string): boolean {
  return path === '/robots.txt' || path.startsWith('/sitemap')
}

type Limit = NonNullable<Manners['limit']>

const plainLimit: Limit = { status: 429, retryAfter: 'seconds' }

function limited(limit: Limit, wait: number, wall: number): Reply {
  const seconds = limit.retryAfterSeconds ?? Math.max(1, Math.ceil(wait / 1_000))
  const says = {
    seconds: String(seconds),
    date: new Date(wall + seconds * 1_000).toUTCString(),
    none: undefined,
    garbage: 'in a moment',
    negative: '-5',
    past: new Date(wall - 3_600_000).toUTCString(),
    far: String(10 * 365 * 86_400),
  }[limit.retryAfter]
  if (says === undefined) return notice(limit.status, 'Too Many Requests')
  // A server that names a point in time says what time it is there, as RFC 9110 wants it of every server with a clock.
  const date = says.endsWith('GMT') ? { date: new Date(wall).toUTCString() } : {}
  return notice(limit.status, 'Too Many Requests', '', { 'retry-after': says, ...date })
}

const refusals = new Map<number, Reply>()

function refusal(status: number): Reply {
  let answer = refusals.get(status)
  if (!answer) {
    answer = notice(status, `${status} ${STATUS_CODES[status] ?? 'Error'}`)
    refusals.set(status, answer)
  }
  return answer
}

const softBlocks = {
  captcha: notice(
    200,
    'Are you a robot?',
    '<form action="/captcha"><div class="g-recaptcha" data-sitekey="lab"></div><p>Please solve the CAPTCHA to continue.</p></form>',
  ),
  traffic: notice(
    200,
    'Sorry...',
    '<p>Our systems have detected unusual traffic from your computer network.</p>',
  ),
  empty: reply(200, ''),
  tiny: reply(200, '<html></html>'),
}
