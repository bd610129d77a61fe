import { within } from '../base/within.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Lease } from '../contracts/frontier.ts'
import type { HttpResponse, Verdict } from '../contracts/outcome.ts'
import type { SourceContext } from '../contracts/source.ts'
import type { BeginningSession, SourceFetch } from '../contracts/source-session.ts'
import type { SessionLife } from '../router/session-life.ts'
import { passOf } from '../source/session-pass.ts'
import { spotOf } from '../source/spot.ts'
import type { OpenCrawl } from './open-crawl.ts'
import { leastBusy, newStanding, type Standing } from './session-standing.ts'

/**
 * The sessions of a crawl, by the name that its requests give them, or out of a pool. Each life is a session of its own to the engine, so that
 * nothing of one life ever meets another: not its exit, not its cookies, not its connections. A life that has lost its exit is
 * followed by another one where its source says how one begins, or where no host had answered it yet, because then the
 * request that was lost is the first. Otherwise the session is over for this run. A life that is no longer accepted, or was used for long
 * enough, is followed by one on the same exit: what is wrong is the token, and not the address.
 */

/** Lives in a row that bring no page. */
const mostFruitless = 10
/** Lives that one request may lose: where each of them costs a login, fewer. */
const mostLost = { begun: 3, acquired: 10, found: 10 }
/** Times that one page may be refused as nobody's, and have its session begin anew. */
const mostRenewals = { begun: 2, acquired: 5 }
/** Times in a row that it helped a page nothing to begin anew; after that, such pages are taken as they come. */
const mostUseless = { begun: 3, acquired: 20 }
/** Milliseconds between two lives that bring nothing: it doubles up to the second. */
const pause = { least: 250, most: 30_000 }
/** Milliseconds that `acquire` may take. */
const acquirePatience = 120_000

/** Requests in one session of the pool: they leave one after the other, at the pace of its exit, and a token must not grow old in line. */
const mostInLine = 4

/** A life that a request may join. */
export interface JoinedLife {
  readonly name: string
  readonly number: number
  /** What the engine calls it. */
  readonly key: string
}

export class CrawlSessions {
  readonly #crawl: OpenCrawl
  readonly #standings = new Map<string, Standing>()
  /** Sessions of the pool, each by a name that no request can give. */
  readonly #pool: Standing[] = []
  /** Lives that a request has lost, and how often its session has begun anew for it. */
  readonly #lost = new Map<string, number>()
  readonly #renewals = new Map<string, number>()
  readonly #closing = new AbortController()
  /** Requests that wait for room in the pool, the first one first. */
  readonly #waiting: (() => void)[] = []
  /** Requests that are in a life, by its key. */
  readonly #users = new Map<string, number>()
  /** Requests that have joined a session: says whose turn is longest ago. */
  #uses = 0

  constructor(crawl: OpenCrawl) {
    this.#crawl = crawl
  }

  /** Whether a request that names no session is part of one all the same. */
  get hasPool(): boolean {
    const own = this.#crawl.source.session
    return own?.acquire !== undefined || own?.size !== undefined
  }

  /**
   * The life that this session is in, or a session of the pool, begun now if it is not; or why there is none any more. A request that joins
   * a life leaves it, once.
   */
  async join(name: string | undefined): Promise<JoinedLife | { readonly end: string }> {
    for (;;) {
      const standing = name === undefined ? await this.#turn() : this.#take(this.#standingOf(name))
      while (standing.end === undefined) {
        if (standing.life && this.#isWornOut(standing)) this.#next(standing, 'here', true)
        if (standing.life) break
        // Cleared by the one that began, and not by those that wait: the next may have begun before the last of them hears.
        standing.beginning ??= this.#begin(standing).finally(() => {
          standing.beginning = undefined
        })
        await standing.beginning
        if (this.#crawl.life.isAborted || this.#isClosed) break
      }
      standing.uses++
      if (standing.end === undefined) {
        const key = this.#keyOf(standing)
        this.#users.set(key, (this.#users.get(key) ?? 0) + 1)
        return { name: standing.name, number: standing.number, key }
      }
      standing.users--
      this.#waiting.shift()?.()
      if (name !== undefined || this.#pool.every(({ end }) => end !== undefined)) return { end: standing.end }
    }
  }

  /** A request that has joined is through with it. */
  left({ name, number, key }: JoinedLife): void {
    const standing = this.#standingOf(name)
    standing.users--
    this.#waiting.shift()?.()
    const users = this.#users.get(key)! - 1
    if (users > 0) this.#users.set(key, users)
    else {
      this.#users.delete(key)
      if (standing.number !== number) this.#crawl.world.engine.sessions.end(key)
    }
  }

  /** A fetch of the source itself. */
  async fetch(name: string, url: string, init: SourceFetch, send: Sender): Promise<Response> {
    const joined = await this.join(name)
    if ('end' in joined) throw lost(joined.end)
    try {
      const response = await send(url, { ...init, session: joined.key })
      this.#standingOf(name).pages++
      return response
    } catch (error) {
      if (isLost(error)) this.lose(joined, messageOf(error))
      throw error
    } finally {
      this.left(joined)
    }
  }

  /**
   * The request has lost its life. False when it must not come again: its session is over, or dies of this page. `wasSent`:
   * it was tried, and did not only wait.
   */
  mayComeAgain(joined: JoinedLife, { request: { id } }: Lease, why: string, wasSent: boolean): boolean {
    const standing = this.#standingOf(joined.name)
    if (standing.number === joined.number && standing.life && this.#isWornOut(standing)) {
      this.#next(standing, 'here')
      return true
    }
    const isFirst = this.lose(joined, why)
    // The others that were under way in this life have lost it with the first one, and by no fault of their own.
    const times = (this.#lost.get(id) ?? 0) + (isFirst && wasSent ? 1 : 0)
    this.#lost.set(id, times)
    const most = mostLost[this.#kind ?? 'found']
    return standing.end === undefined && times < most
  }

  /** The life cannot go on. False when that was known. */
  lose({ name, number }: JoinedLife, why: string): boolean {
    const standing = this.#standingOf(name)
    if (standing.number !== number || standing.end !== undefined) return false
    const { source } = this.#crawl
    const isFirstRequest = standing.life?.hasAnswered !== true
    const isFruitless = standing.pages === 0
    const said = why.replace(/\.$/, '')
    standing.fruitless = isFruitless ? standing.fruitless + 1 : 0
    if (!source.session && !isFirstRequest) {
      const way = `give source "${source.name}" a member "session" whose begin() logs in, and it begins anew`
      this.#endWith(standing, `${said}. Nothing says how this session begins (SESSION_LOST): ${way}`)
    } else if (standing.fruitless >= mostFruitless) {
      this.#endWith(
        standing,
        `${said}. ${mostFruitless} lives of this session in a row brought no page (SESSION_LOST)`,
      )
    } else this.#next(standing, 'elsewhere')
    return true
  }

  /** Whether this answer says that the life is not accepted any more. `verdict`: what the rules say of it. */
  isRefused({ name, number }: JoinedLife, response: HttpResponse, { kind, reason }: Verdict): boolean {
    const own = this.#crawl.source.session
    if (!own || kind === 'dead') return false
    if (own.invalid) return own.invalid(response)
    if (reason === 'status-401') return own.isOver === undefined
    // What was refused on this exit a moment ago, and is again with a new token, is the exit.
    const standing = this.#standingOf(name)
    return reason === 'status-403' && !(standing.isSecondTry && standing.number === number)
  }

  /**
   * A page was refused as nobody's. True when the session begins anew, or has done so since, and the page is to be
   * asked for again; false when that would not help.
   */
  renew({ name, number }: JoinedLife, request: string): boolean {
    const standing = this.#standingOf(name)
    const kind = this.#kind
    if (kind === undefined || standing.end !== undefined) return false
    const times = this.#renewals.get(request) ?? 0
    const isOfNow = standing.number === number
    if (times > 0 && isOfNow) standing.useless++
    if (times >= mostRenewals[kind]) return false
    if (isOfNow) {
      if (standing.useless >= mostUseless[kind]) return false
      const isSecond = standing.isSecondTry
      this.#crawl.note(`session "${name}" is not accepted any more and begins anew`)
      this.#next(standing, isSecond ? 'elsewhere' : 'here')
      standing.isSecondTry = !isSecond
    }
    this.#renewals.set(request, times + 1)
    return true
  }

  /** A page came in this life, and it is good. */
  succeeded({ name, number }: JoinedLife, request: string): void {
    const standing = this.#standingOf(name)
    if (this.#renewals.has(request)) standing.useless = 0
    if (standing.number !== number) return
    standing.pages++
    standing.isSecondTry = false
  }

  /** Why it is over; undefined while it is not. */
  endOf(name: string): string | undefined {
    return this.#standings.get(name)?.end
  }

  /** A request has ended. */
  forget(request: string): void {
    this.#lost.delete(request)
    this.#renewals.delete(request)
  }

  /** The crawl has ended. */
  close(): void {
    this.#closing.abort()
    for (const goOn of this.#waiting.splice(0)) goOn()
    const { engine } = this.#crawl.world
    for (const standing of this.#standings.values()) {
      if (!standing.life) continue
      // What a source has arranged by itself may go on in the next run, over the same exit.
      if (this.#crawl.source.session) engine.sessions.end(this.#keyOf(standing))
      else engine.sessions.leave(this.#keyOf(standing))
    }
  }

  #standingOf(name: string): Standing {
    let standing = this.#standings.get(name)
    if (!standing) {
      standing = newStanding(name)
      this.#standings.set(name, standing)
    }
    return standing
  }

  #take(standing: Standing): Standing {
    standing.users++
    standing.lastUse = ++this.#uses
    return standing
  }

  /** A session of the pool that has room, taken in the same turn in which it is found. */
  async #turn(): Promise<Standing> {
    for (;;) {
      const standing = this.#pooled()
      if (standing.users < mostInLine || this.#isClosed) return this.#take(standing)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** The session of the pool that is used least; another one where all are busy. */
  #pooled(): Standing {
    const { source, world } = this.#crawl
    const most = source.session?.size ?? Math.max(1, world.engine.fleet.members.length)
    const best = leastBusy(this.#pool)
    if (best && (best.users === 0 || this.#pool.length >= most)) return best
    if (!best && this.#pool.length >= most) return this.#pool[0]!
    const standing = this.#standingOf(`pool ${this.#pool.length + 1}`)
    this.#pool.push(standing)
    return standing
  }

  get #kind(): 'begun' | 'acquired' | undefined {
    const own = this.#crawl.source.session
    return own && (own.acquire ? 'acquired' : 'begun')
  }

  #isWornOut({ uses, begunAt }: Standing): boolean {
    const { maxUses = Number.POSITIVE_INFINITY, maxAge = Number.POSITIVE_INFINITY } =
      this.#crawl.source.session ?? {}
    return uses >= maxUses || this.#crawl.world.clock.now() - begunAt >= maxAge
  }

  #keyOf({ name, number }: Standing): string {
    return `${this.#crawl.id}/${name}#${number}`
  }

  /** Its next life begins on the same exit, which is still good, or on another one. `mayFinish`: those who have joined this one go on in it. */
  #next(standing: Standing, where: 'here' | 'elsewhere', mayFinish = false): void {
    const exit = standing.life?.proxy
    standing.exit = where === 'here' ? exit : undefined
    standing.avoided = where === 'elsewhere' ? exit : undefined
    const key = this.#keyOf(standing)
    // Those who have joined it have been counted: they may use it.
    if (!mayFinish || !this.#users.has(key)) this.#crawl.world.engine.sessions.end(key)
    standing.number++
    standing.life = undefined
    standing.pages = 0
    standing.isSecondTry = false
  }

  #endWith(standing: Standing, why: string): void {
    this.#crawl.world.engine.sessions.end(this.#keyOf(standing))
    standing.life = undefined
    standing.end = why
    this.#crawl.note(`session "${standing.name}" is over: ${why}`)
  }

  /** Never rejects. */
  async #begin(standing: Standing): Promise<void> {
    const { world, source, life } = this.#crawl
    const own = source.session
    if (standing.fruitless > 0) await this.#rest(standing.fruitless)
    if (life.isAborted || this.#isClosed) return
    standing.uses = 0
    const begun = world.engine.sessions.begin(this.#keyOf(standing), {
      fresh: own !== undefined || standing.number > 1,
      exit: standing.exit,
      avoided: standing.avoided,
    })
    standing.begunAt = world.clock.now()
    if (!own) {
      standing.life = begun
      return
    }
    try {
      begun.pass = await this.#passFor(standing, begun)
      standing.begunAt = world.clock.now()
      begun.expiresAt = standing.begunAt + (own.maxAge ?? Number.POSITIVE_INFINITY)
      if (this.#isClosed) world.engine.sessions.end(this.#keyOf(standing))
      else if (begun.loss === undefined) standing.life = begun
      else this.#failed(standing, begun, `its exit is gone (${begun.loss})`)
    } catch (error) {
      if (life.isAborted || this.#isClosed) return world.engine.sessions.end(this.#keyOf(standing))
      // A login that may or may not have arrived: nobody knows who is logged in.
      if (isLost(error) || isUncertain(error)) return this.#failed(standing, begun, messageOf(error))
      const { where } = spotOf(error)
      const place = where === undefined ? '' : ` at ${where}`
      const call = own.acquire ? 'acquire' : 'begin'
      const why = `session.${call}() of source "${source.name}" failed${place}: ${messageOf(error)}`
      if (own.acquire) this.#failed(standing, begun, why)
      else this.#endWith(standing, why)
    }
  }

  /** What the source makes of its beginning. */
  async #passFor(standing: Standing, begun: SessionLife): Promise<SessionLife['pass']> {
    const { source, params, world } = this.#crawl
    const { session, context } = this.#offer(standing, begun)
    const { acquire, begin } = source.session!
    if (!acquire) return passOf(await begin!(session, params, context), 'begin', source.name)
    const { clock } = world
    const patience = { clock, due: clock.now() + acquirePatience, signal: this.#closing.signal }
    const acquired = Promise.resolve(acquire(session.fetch, session, params, context))
    const late = () => lost(`it has not ended within ${acquirePatience / 60_000} minutes`)
    return passOf(await within(acquired, patience, late), 'acquire', source.name)
  }

  /** It was lost while it began: on this exit, where it had one. */
  #failed(standing: Standing, begun: SessionLife, why: string): void {
    standing.life = begun
    this.lose({ name: standing.name, number: standing.number, key: '' }, why)
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  /** Until it may begin once more, or the crawl is over. */
  #rest(times: number): Promise<void> {
    const { clock } = this.#crawl.world
    const ms = Math.min(pause.most, pause.least * 2 ** (times - 1))
    const patience = { clock, due: clock.now() + ms, signal: this.#closing.signal }
    return within(new Promise<void>(() => {}), patience, () => undefined).catch(() => {})
  }

  /** What `begin` and `acquire` are given. Its context knows the life that begins: to wait for its beginning would be to wait for itself. */
  #offer(
    standing: Standing,
    { cookies }: SessionLife,
  ): { session: BeginningSession; context: SourceContext } {
    const { context: usual } = this.#crawl
    const { name, number } = standing
    const key = this.#keyOf(standing)
    let hasRead = false
    const fetch: SourceContext['fetch'] = (url, init = {}) => {
      if (init.session !== name) return usual.fetch(url, init)
      const isFound = hasRead
      hasRead = true
      return this.#crawl.fetchWithin(key, url, init, isFound)
    }
    const session: BeginningSession = {
      name,
      life: number,
      cookies,
      fetch: (url, init = {}) => fetch(String(url), { ...init, session: name }),
      submit: (form) => {
        const { url, ...request } = form.request()
        return fetch(url, { ...request, session: name })
      },
      restart: (reason) => {
        throw lost(`session "${name}" was given up by its source: ${reason}`)
      },
    }
    return { session, context: { ...usual, fetch } }
  }
}

/** Sends it as it is, in the life with this key. */
export type Sender = (url: string, init: SourceFetch) => Promise<Response>

function lost(why: string): RegattaError {
  return new RegattaError('SESSION_LOST', `${why}.`, {
    value: { reason: 'session-lost', verdict: undefined, status: undefined, attempts: 0 },
  })
}

function isLost(error: unknown): boolean {
  return error instanceof RegattaError && error.code === 'SESSION_LOST'
}

/** It may have arrived, and was not sent again. */
function isUncertain(error: unknown): boolean {
  return (
    error instanceof RegattaError && error.code === 'TASK_FAILED' && error.value.reason === 'not-repeatable'
  )
}
