import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Lease } from '../contracts/frontier.ts'
import type { SourceContext } from '../contracts/source.ts'
import type { BeginningSession, SourceFetch } from '../contracts/source-session.ts'
import type { SessionLife } from '../router/session-life.ts'
import { spotOf } from '../source/spot.ts'
import type { OpenCrawl } from './open-crawl.ts'

/**
 * The sessions of a crawl, by the name that its requests give them. Each life is a session of its own to the engine, so that
 * nothing of one life ever meets another: not its exit, not its cookies, not its connections. A life that has lost its exit is
 * followed by another one where its source says how one begins, or where no host had answered it yet, because then the
 * request that was lost is the first. Otherwise the session is over for this run.
 */

/** Lives in a row that bring no page. */
const mostFruitless = 10
/** Lives that one request may lose: where each of them costs a login, fewer. */
const mostLost = { begun: 3, found: 10 }
/** Times that it helped a page nothing to begin anew; after that, such pages are taken as they come. */
const mostUseless = 3
/** Milliseconds between two lives that bring nothing. */
const pause = 250

interface Standing {
  readonly name: string
  /** Counting from 1. */
  number: number
  life: SessionLife | undefined
  /** Resolves when its life has begun, or the session is over. */
  beginning: Promise<void> | undefined
  /** Pages that came in this life. */
  pages: number
  fruitless: number
  useless: number
  /** Why it is over, for this run. */
  end: string | undefined
}

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
  /** Lives that a request has lost, and requests whose session has begun anew for them. */
  readonly #lost = new Map<string, number>()
  readonly #renewed = new Set<string>()
  #isClosed = false

  constructor(crawl: OpenCrawl) {
    this.#crawl = crawl
  }

  /** The life that this session is in, begun now if it is not; or why there is none any more. */
  async join(name: string): Promise<JoinedLife | { readonly end: string }> {
    const standing = this.#standingOf(name)
    while (standing.end === undefined && standing.life === undefined) {
      // Cleared by the one that began, and not by those that wait: the next may have begun before the last of them hears.
      standing.beginning ??= this.#begin(standing).finally(() => {
        standing.beginning = undefined
      })
      await standing.beginning
      if (this.#crawl.life.isAborted) break
    }
    if (standing.end !== undefined) return { end: standing.end }
    return { name, number: standing.number, key: this.#keyOf(standing) }
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
    }
  }

  /**
   * The request has lost its life. False when it must not come again: its session is over, or dies of this page. `wasSent`:
   * it was tried, and did not only wait.
   */
  mayComeAgain(joined: JoinedLife, { request: { id } }: Lease, why: string, wasSent: boolean): boolean {
    const isFirst = this.lose(joined, why)
    // The others that were under way in this life have lost it with the first one, and by no fault of their own.
    const times = (this.#lost.get(id) ?? 0) + (isFirst && wasSent ? 1 : 0)
    this.#lost.set(id, times)
    const most = this.#crawl.source.session ? mostLost.begun : mostLost.found
    return this.#standingOf(joined.name).end === undefined && times < most
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
    } else this.#next(standing)
    return true
  }

  /**
   * A page says that nobody is logged in. True when the session begins anew, or has done so since, and the page is to be
   * asked for again; false when that would not help.
   */
  renew({ name, number }: JoinedLife, request: string): boolean {
    const standing = this.#standingOf(name)
    if (!this.#crawl.source.session || standing.end !== undefined) return false
    if (this.#renewed.has(request)) {
      standing.useless++
      return false
    }
    if (standing.number === number) {
      if (standing.pages === 0 || standing.useless >= mostUseless) return false
      this.#crawl.note(`session "${name}" is logged out and begins anew`)
      this.#next(standing)
    }
    this.#renewed.add(request)
    return true
  }

  /** A page came in this life, and it is good. */
  succeeded({ name, number }: JoinedLife): void {
    const standing = this.#standingOf(name)
    if (standing.number === number) standing.pages++
  }

  /** Why it is over; undefined while it is not. */
  endOf(name: string): string | undefined {
    return this.#standings.get(name)?.end
  }

  /** A request has ended. */
  forget(request: string): void {
    this.#lost.delete(request)
    this.#renewed.delete(request)
  }

  /** The crawl has ended. */
  close(): void {
    this.#isClosed = true
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
      standing = {
        name,
        number: 1,
        life: undefined,
        beginning: undefined,
        pages: 0,
        fruitless: 0,
        useless: 0,
        end: undefined,
      }
      this.#standings.set(name, standing)
    }
    return standing
  }

  #keyOf({ name, number }: Standing): string {
    return `${this.#crawl.id}/${name}#${number}`
  }

  #next(standing: Standing): void {
    this.#crawl.world.engine.sessions.end(this.#keyOf(standing))
    standing.number++
    standing.life = undefined
    standing.pages = 0
  }

  #endWith(standing: Standing, why: string): void {
    this.#crawl.world.engine.sessions.end(this.#keyOf(standing))
    standing.life = undefined
    standing.end = why
    this.#crawl.note(`session "${standing.name}" is over: ${why}`)
  }

  /** Never rejects. */
  async #begin(standing: Standing): Promise<void> {
    const { world, source, life, params } = this.#crawl
    const own = source.session
    if (standing.fruitless > 0) await this.#rest()
    if (life.isAborted) return
    const begun = world.engine.sessions.begin(this.#keyOf(standing), {
      fresh: own !== undefined || standing.number > 1,
    })
    if (!own) {
      standing.life = begun
      return
    }
    const { session, context } = this.#offer(standing, begun)
    try {
      await own.begin(session, params, context)
      if (this.#isClosed) world.engine.sessions.end(this.#keyOf(standing))
      else if (begun.loss === undefined) standing.life = begun
      else this.#failed(standing, `its exit is gone (${begun.loss})`)
    } catch (error) {
      if (life.isAborted || this.#isClosed) return world.engine.sessions.end(this.#keyOf(standing))
      // A login that may or may not have arrived: nobody knows who is logged in.
      if (isLost(error) || isUncertain(error)) return this.#failed(standing, messageOf(error))
      const { where } = spotOf(error)
      const place = where === undefined ? '' : ` at ${where}`
      this.#endWith(
        standing,
        `session.begin() of source "${source.name}" failed${place}: ${messageOf(error)}`,
      )
    }
  }

  /** It was lost while it began. */
  #failed(standing: Standing, why: string): void {
    this.lose({ name: standing.name, number: standing.number, key: '' }, why)
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => this.#crawl.world.clock.after(pause, resolve))
  }

  /** What `begin` is given. Its context knows the life that begins: to wait for its beginning would be to wait for itself. */
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
