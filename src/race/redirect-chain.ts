import type { Cookies } from '../contracts/cookies.ts'
import type { TaskJob } from '../contracts/job.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import { CookieJar } from '../router/cookie-jar.ts'
import { RaceTally } from './tally.ts'

/**
 * The way of a task that was redirected: each URL on it is asked as a request of its own, and this is what they share. Cookies
 * that an answer sets are shown to the next one, as a browser would; from then on all of it leaves through one exit, for
 * the cookies were given to that address. When that exit is lost, the way begins again at its first URL over another.
 *
 * An address may send us to itself once more, as some do that look at who comes; the same address with the same cookies
 * for a third time is a circle.
 */
const mostVisits = 2

export class Chain {
  /** The proxy that brought the last redirect, by its number. */
  exit: number | undefined
  /** Its exit is lost, and its cookies with it: the next attempt asks for the first URL. */
  isLost = false
  readonly #first: TaskJob
  readonly #urls: string[] = []
  readonly #session: Cookies | undefined
  readonly #wall: () => number
  readonly #visits = new Map<string, number>()
  /** What has gone wrong at each URL: a way that begins again does not begin to count again. */
  readonly #tallies = new Map<string, RaceTally>()
  /** By port, the usual ones together: a redirect carries no cookie to another port, though a session would. */
  readonly #jars = new Map<string, CookieJar>()
  #isMarked = false

  /** `session`: the cookies of its session, where it has one; `wall` tells wall-clock milliseconds. */
  constructor(first: TaskJob, tally: RaceTally, session: Cookies | undefined, wall: () => number) {
    this.#first = first
    this.#session = session
    this.#wall = wall
    this.#tallies.set(first.request.url, tally)
  }

  // Not fields: who prints a race prints neither the caller's headers nor what stands in a query.

  /** What was asked for. */
  get first(): TaskJob {
    return this.#first
  }

  /** Those that sent us on, oldest first. */
  get urls(): readonly string[] {
    return this.#urls
  }

  /** Something was sent on it that must not be sent twice, and was answered: it cannot begin again. */
  get isCommitted(): boolean {
    return !this.#first.request.idempotent
  }

  /** Cookies were set on it, with or without a session. */
  get isMarked(): boolean {
    return this.#isMarked
  }

  /** It has cookies of its own, which are good for one exit alone. */
  get isTied(): boolean {
    return this.#jars.size > 0
  }

  /** What an attempt sends. What its answer sets is taken only when that is believed: see `passed`. */
  get cookies(): Cookies | undefined {
    if (this.#jars.size === 0) return undefined
    return { headerFor: (url) => this.#cookiesFor(url), take: () => false }
  }

  /** An answer leads on. False when the way has become a circle. */
  passed(before: FetchRequest, { url, headers }: HttpResponse, exit: number, next: FetchRequest): boolean {
    const lines = headers['set-cookie']
    if (this.#urls.length === 0) this.#visit(before, this.#session && lines ? undefined : '')
    this.#urls.push(url)
    this.exit = exit
    if (lines !== undefined) this.#take(url, typeof lines === 'string' ? [lines] : lines)
    return this.#visit(next, this.#cookiesFor(next.url) ?? '') <= mostVisits
  }

  tallyOf({ url }: FetchRequest): RaceTally {
    const known = this.#tallies.get(url)
    if (known) return known
    const tally = new RaceTally()
    this.#tallies.set(url, tally)
    return tally
  }

  /** Back to its first URL, over whatever exit. */
  rewind(): void {
    this.#urls.length = 0
    this.#visits.clear()
    this.#jars.clear()
    this.#isMarked = false
    this.exit = undefined
    this.isLost = false
  }

  #take(url: string, lines: readonly string[]): void {
    this.#isMarked = true
    if (this.#session) return
    const { port } = new URL(url)
    const jar = this.#jars.get(port) ?? new CookieJar(this.#wall)
    if (jar.take(url, lines)) this.#jars.set(port, jar)
  }

  #cookiesFor(url: string): string | undefined {
    return (this.#session ?? this.#jars.get(new URL(url).port))?.headerFor(url)
  }

  /** How often this was asked with these cookies, this time included; `cookies` undefined where nobody knows. */
  #visit({ method, url }: FetchRequest, cookies: string | undefined): number {
    if (cookies === undefined) return 1
    const key = `${method} ${url.replace(/#.*$/s, '')} ${cookies}`
    const times = (this.#visits.get(key) ?? 0) + 1
    this.#visits.set(key, times)
    return times
  }
}
