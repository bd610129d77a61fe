import { formatDuration } from '../base/format.ts'
import { type KeptFailure, mayKeepFailure } from '../contracts/cache.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Lease } from '../contracts/frontier.ts'
import type { HopRefusal, TaskResult } from '../contracts/job.ts'
import { headersFor } from '../contracts/request.ts'
import { bothOf } from '../options/read-use.ts'
import type { OpenCrawl } from './open-crawl.ts'
import { type Answer, isLoggedOut, read } from './read.ts'
import { conditionsOf } from './revisit.ts'
import type { JoinedLife } from './session-lives.ts'
import { dead, type Ended, missed, released, settle } from './settle.ts'
import { weightOf } from './weight.ts'

/** How often a process may end while one page is being read, before the page is given up. */
const mostCrashes = 3
/** A task that must wait longer goes back to the frontier, with its host, and leaves its place to another. */
const longestPark = 5_000
/** Milliseconds after which a request comes again whose session begins anew. */
const sessionPause = 250

/**
 * One request of a crawl, from its lease to its settlement. It is admitted (gate.ts), raced (one task of the engine),
 * read (read.ts) and settled (settle.ts). Each step gives what the next one needs, or how the request ends.
 *
 * It may be ended from outside in two ways. An abort ends it where it is. A drain lets attempts in flight finish, because
 * somebody has been asked and the answer counts; what only waits (for a permit, a proxy, robots.txt, the end of a
 * backoff) goes back at once, or one page that fails could hold a drain up for all its retries.
 */
export class Visit {
  readonly lease: Lease
  /** The id that its task has, or will have. */
  readonly id: string
  /** The crawl's id. */
  readonly crawlId: string
  /** It is on the network, or its answer is being taken in; otherwise it waits for something. */
  isActive = false
  /** The crawl has ended without it. */
  isLeft = false
  readonly #crawl: OpenCrawl
  /** The engine's name for it while it races. */
  #task: string | undefined
  #giveUpWaiting: (() => void) | undefined
  /** The life of its session that it belongs to. */
  #joined: JoinedLife | undefined
  /** What it has to leave again. */
  #place: JoinedLife | undefined
  #carried: Promise<void> = Promise.resolve()
  /** How it ends that was redirected to where it must not go. */
  #ledAway: Ended | undefined
  /** The moment until which the host that it was redirected to is left alone, clock ms. */
  #notBefore: number | undefined
  #deadlineMs: number | undefined
  /** When it was first taken from the frontier, clock ms. */
  #begunAt = 0

  constructor(crawl: OpenCrawl, lease: Lease) {
    this.#crawl = crawl
    this.lease = crawl.corrections.leaseOf(lease)
    this.crawlId = crawl.id
    this.id = `${crawl.id}-${lease.id}`
    crawl.world.engine.telling.taken(this)
  }

  /** Resolves when the request is settled, or has been given back. Never rejects. */
  carry(): Promise<void> {
    this.#carried = this.#carry()
    return this.#carried
  }

  /** Gives it back. */
  abort(): void {
    this.#giveUpWaiting?.()
    if (this.#task !== undefined) this.#crawl.world.engine.crew.abandon(this.#task, 'aborted')
  }

  /** It does not end, and nobody waits for it any more: whatever comes of it is dropped, and it goes back. */
  leave(): Ended {
    this.isLeft = true
    return released(this.lease)
  }

  /** Finishes the attempts in flight, or gives it back when there are none. */
  drain(): void {
    this.#giveUpWaiting?.()
    if (this.#task !== undefined) this.#crawl.world.engine.crew.drain(this.#task)
  }

  /** The promise's value, or undefined as soon as the crawl is drained or aborted, or its deadline has passed. */
  unlessOver<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const { life, world } = this.#crawl
      if (life.isEnding || this.isLate) return resolve(undefined)
      const left = this.#dueAt - world.clock.now()
      const over = () => {
        cancel?.()
        this.#giveUpWaiting = undefined
      }
      const giveUp = () => {
        over()
        resolve(undefined)
      }
      const cancel = left < Number.POSITIVE_INFINITY ? world.clock.after(left, giveUp) : undefined
      this.#giveUpWaiting = giveUp
      promise.then(resolve, reject).finally(over)
    })
  }

  /** How it ends that stopped waiting: its crawl is ending, or its deadline has passed. `waited`: for what, in words. */
  endWaiting(waited: string): Ended {
    return this.#crawl.life.isEnding ? released(this.lease) : this.expire(`it was waiting ${waited}`)
  }

  /** Its deadline has passed, or will before anything can be done. */
  expire(why: string): Ended {
    const { hosts, router } = this.#crawl.world.engine
    const host = hosts.keyOf(this.lease.request.url)
    const said = router.pools.get(host)?.record.lastFailure
    const parts = [`no answer from ${host} within the deadline (${formatDuration(this.#deadlineMs)})`]
    if (said !== undefined) parts.push(`the last attempt there ended with ${said}`)
    return this.#lose({ reason: 'deadline', detail: [...parts, why].join('; '), heads: [] })
  }

  /** Whether its deadline comes before this moment, clock ms. */
  isDueBefore(at: number): boolean {
    return this.#dueAt < at
  }

  /** Clock ms at which it ends without an answer, whatever it waits for. */
  get #dueAt(): number {
    return this.#begunAt + (this.#deadlineMs ?? Number.POSITIVE_INFINITY)
  }

  /** Its deadline has passed. */
  get isLate(): boolean {
    return this.#crawl.world.clock.now() >= this.#dueAt
  }

  async #carry(): Promise<void> {
    const crawl = this.#crawl
    try {
      const ended = await this.#visit()
      if (this.isLeft) return
      const isLie = isEnd(ended) && crawl.corrections.mustComeAgain(this.lease)
      const settlement = isLie ? this.#again(0) : ended
      crawl.settling++
      await settle(crawl, settlement, this).finally(() => crawl.settling--)
      if (isEnd(settlement)) crawl.forgetBeginning(this.lease.request.id)
    } catch (error) {
      // Not the page's doing: a sink that was given up, a frontier that broke. The request stays. A crawl that was
      // stopped has no use for the outputs anyway.
      if (this.isLeft) return
      if (error instanceof RegattaError && error.code === 'SINK_FAILED')
        crawl.world.engine.telling.stored(this, crawl.outbox.names, 0, error.message)
      await settle(crawl, released(this.lease), this).catch(() => {})
      if (!crawl.life.isAborted) crawl.life.fail(error)
    } finally {
      if (this.#place) crawl.sessions.left(this.#place)
      crawl.corrections.over(this.lease)
      crawl.world.engine.telling.left(this.id)
    }
  }

  /** How the request ends. */
  async #visit(): Promise<Ended> {
    const { gate, cache, pace, world } = this.#crawl
    const { url } = this.lease.request
    this.#deadlineMs = world.engine.hosts.settingsFor(url).deadlineMs
    if (this.#deadlineMs !== undefined) this.#begunAt = this.#crawl.beginningOf(this.lease.request.id)
    // What is corrected was let through before, and what is kept of it may be the lie.
    if (!this.lease.correction) {
      const refused = gate.refuse(this)
      if (refused) return refused
      const kept = await cache?.get(this.lease.request)
      if (kept)
        return this.#read({ response: kept, via: 'cache', attempts: 0, elapsedMs: 0, fetchedAt: kept.keptAt })
      const failed = await cache?.failure?.(this.lease.request, { anyAge: world.options.offline })
      if (failed) return this.#failAgain(failed)
      pace.hold(url)
      const forbidden = await gate.askRobots(this)
      if (forbidden) return forbidden
    } else pace.hold(url)
    const apart = await this.#joinSession()
    if (apart) return apart
    const result = await this.#race()
    if (result === undefined) return this.endWaiting('for its turn')
    if (result.ok) return this.#take(result)
    if (this.#ledAway && result.reason === ledAway) return this.#ledAway
    if (mayKeepFailure(this.lease.request, result)) {
      const { reason: code, detail, heads } = result
      await cache?.putFailure?.(this.lease.request, { code, detail, heads })
    }
    const isRefused = result.verdict === 'blocked' || result.verdict === 'challenge'
    return isRefused && this.#renewSession() ? this.#comeAgain() : this.#lose(result)
  }

  /** It has failed in an earlier run, which is taken for what would happen now. */
  #failAgain({ code, detail, heads, keptAt }: KeptFailure): Ended {
    const age = formatDuration(this.#crawl.world.clock.wall() - keptAt)
    return dead(this.lease, { code, detail: `${detail} (kept in the cache ${age} ago)` }, { heads })
  }

  /** How it ends when its session is over or has not begun in time. */
  async #joinSession(): Promise<Ended | undefined> {
    const { session } = this.lease.request
    const { sessions, world } = this.#crawl
    if (session === undefined && !sessions.hasPool) return undefined
    world.engine.telling.waits(this, 'session')
    const joining = sessions.join(session)
    const joined = await this.unlessOver(joining)
    if (joined === undefined) {
      joining.then((late) => 'end' in late || sessions.left(late))
      return this.endWaiting(`for ${session === undefined ? 'a session' : `session "${session}"`} to begin`)
    }
    if ('end' in joined) return this.#lose({ reason: 'session-lost', detail: joined.end, heads: [] })
    this.#joined = joined
    this.#place = joined
    return undefined
  }

  /** Its page says that nobody is logged in. Whether it is worth asking again. */
  #renewSession(): boolean {
    return this.#joined !== undefined && this.#crawl.sessions.renew(this.#joined, this.lease.request.id)
  }

  /** What it was asked for has failed: it is asked for once more. */
  #comeAgain(): Ended {
    const { hosts, router } = this.#crawl.world.engine
    const pool = router.pools.get(hosts.keyOf(this.lease.request.url))
    if (pool) pool.record.counts.requeues++
    return this.#again(sessionPause)
  }

  #again(pause: number): Ended {
    const notBefore = this.#crawl.world.clock.now() + pause
    return { lease: this.lease, kind: 'retry', notBefore, targetFault: false }
  }

  /** Undefined when the crawl, or its time, has ended before it could begin. */
  async #race(): Promise<TaskResult | undefined> {
    const { world, life, source, door, credentials, id: crawl } = this.#crawl
    const task = this.id
    const { crew } = world.engine
    while (crew.isFull && !life.isEnding && !this.isLate) {
      const { room, leave } = crew.awaitRoom()
      world.engine.telling.waits(this, 'room')
      await this.unlessOver(room)
      if (life.isEnding || this.isLate) leave()
    }
    if (life.isEnding || this.isLate) return undefined
    const { request } = this.lease
    // Not the host that it was kept under: the option `hosts` may be another one in this run.
    const host = world.engine.hosts.keyOf(request.url)
    const settings = world.engine.hosts.settingsOf(host)
    // A correction wants the page itself.
    const conditions = this.lease.correction ? {} : conditionsOf(this.lease.memo)
    const own = { ...conditions, ...request.headers }
    const use = bothOf(this.#crawl.use, request.use)
    const joined = this.#joined
    const session = joined && { session: joined.key }
    const { promise, resolve } = Promise.withResolvers<TaskResult>()
    this.#task = task
    world.engine.crew.accept({
      id: task,
      crawl,
      page: request.id,
      sender: this.#crawl.life.actor,
      request: {
        ...request,
        ...headersFor(settings, own),
        ...session,
        ...(use && { use }),
        allowPrivate: door.isReachOpen,
      },
      host,
      priority: request.priority,
      mayHedge: request.idempotent && joined === undefined,
      isPatient: true,
      ...(settings.deadlineMs !== undefined && { deadlineMs: settings.deadlineMs }),
      ...(settings.deadlineMs !== undefined && { begunAt: this.#begunAt }),
      spent: this.#crawl.counting,
      ...(credentials && { credentials }),
      ...(source.classifier && { classifier: source.classifier }),
      ...(joined && {
        isSessionOver: (response, verdict) => this.#crawl.sessions.isRefused(joined, response, verdict),
      }),
      ...(source.accept !== undefined && { accept: source.accept }),
      ...(source.judge === false && { judge: false }),
      parked: (until, waitsFor) => this.#yieldPlace(task, until, waitsFor === host ? undefined : waitsFor),
      hop: (to, { hasCookies }) => this.#mayGoOn(to.url, hasCookies),
      racing: (isRacing) => {
        this.isActive = isRacing
      },
      settle: (result) => {
        this.#task = undefined
        this.isActive = true
        resolve(this.#crawl.corrections.answered(this.lease, result))
        // The task stays in `settling` until its outputs are safe.
        return this.#carried
      },
    })
    // A listener that heard of its acceptance may have ended the crawl.
    if (life.isAborted) this.abort()
    else if (life.isEnding) this.drain()
    return promise
  }

  /** A redirect leads to another URL. Why it must not be asked; a crawl that breaks here fails, and its request stays. */
  async #mayGoOn(url: string, hasCookies: boolean): Promise<HopRefusal | undefined> {
    const { gate, life } = this.#crawl
    try {
      this.#ledAway = await gate.refuseHop(this, url, hasCookies)
    } catch (error) {
      if (!life.isAborted) life.fail(error)
      this.#ledAway = released(this.lease)
    }
    return this.#ledAway && { reason: ledAway, detail: `it leads to ${url}, which is not asked` }
  }

  /**
   * The host will not be asked for a while: its requests wait in the frontier instead of holding places here. `other`: the
   * host that a redirect has led to; then this request waits as long, for it would only be led there again.
   */
  #yieldPlace(task: string, until: number | undefined, other: string | undefined): boolean {
    const { world, frontier, life } = this.#crawl
    if (until === undefined || until - world.clock.now() < longestPark) return false
    // Only the exit of its session rests: that is no reason to leave the host alone.
    if (this.#joined) return false
    // In the frontier nobody would end it in time: it keeps its place until its deadline.
    if (this.isDueBefore(until)) return false
    const { host } = this.lease.request
    // Only the proxies that it may use are away: others may ask the host.
    const isPicky = this.#crawl.use !== undefined || this.lease.request.use !== undefined
    const isItsOwn = isPicky && world.engine.router.pools.get(other ?? host)?.state === 'serving'
    this.#notBefore = other === undefined && !isItsOwn ? undefined : until
    if (!isItsOwn)
      frontier.setHost(other ?? host, { blockedUntil: until }).catch((error: unknown) => life.fail(error))
    world.engine.crew.abandon(task, 'yielded')
    return true
  }

  async #take({ response, proxy: via, attempts, verdict, busyMs: elapsedMs, trust }: Won): Promise<Ended> {
    const { counting, cache, world } = this.#crawl
    counting.latency.record(elapsedMs)
    const isRefused = verdict.reason === 'session-invalid'
    // Where it does not help to begin anew, the page is what its status says.
    const reason = isRefused ? `status-${response.status}` : verdict.reason
    const answer = { response, via, attempts, elapsedMs, reason, trust, fetchedAt: world.clock.wall() }
    try {
      if (this.#joined) {
        const { id } = this.lease.request
        const isOver = isRefused || isLoggedOut(this.#crawl, this.lease, answer)
        if (!isOver) this.#crawl.sessions.succeeded(this.#joined, id)
        else if (this.#renewSession()) return this.#comeAgain()
      }
      // From there it would come without its mark.
      if (trust !== 'contested') await cache?.put(this.lease.request, response)
      return await this.#read(answer)
    } finally {
      await response.file?.remove()
    }
  }

  /** As soon as memory allows for one more page, and for what it puts out. */
  async #read(answer: Answer): Promise<Ended> {
    const { world, life, reading, outbox, journal } = this.#crawl
    const { response } = answer
    const { id } = this.lease.request
    const crashes = journal?.crashes(id) ?? 0
    if (crashes >= mostCrashes) return this.#giveUpReading(crashes)
    const held = response.body.length
    // One that was being read when a process ended is read alone: if it happens again, it was this one.
    const weight = crashes > 0 ? Number.POSITIVE_INFINITY : weightOf(response)
    world.bodies.take(held)
    try {
      await reading.enter(weight)
      try {
        if (outbox.isHeavy) await this.unlessOver(outbox.room())
        if (life.isAborted) return released(this.lease)
        journal?.begin(id)
        return await read(this.#crawl, this, answer)
      } finally {
        if (!life.isAborted) journal?.end(id)
        reading.leave(weight)
      }
    } finally {
      world.bodies.give(held)
    }
  }

  #giveUpReading(crashes: number): Ended {
    this.#crawl.journal?.end(this.lease.request.id)
    const way = 'it is read again only when its dead letter is retried'
    return dead(this.lease, {
      code: 'ended-process',
      detail: `the process ended ${crashes} times while this page was being read; ${way}`,
    })
  }

  #lose({ reason, detail, heads }: Pick<Lost, 'reason' | 'detail' | 'heads'>): Ended {
    const { lease } = this
    const { world } = this.#crawl
    const now = world.clock.now()
    if (reason === 'yielded' && this.#notBefore !== undefined)
      return { lease, kind: 'retry', notBefore: this.#notBefore, targetFault: false }
    if (reason === 'aborted' || reason === 'stopped' || reason === 'yielded' || reason === 'spent')
      return released(lease)
    if (reason === 'session-lost' && this.#joined) {
      const { sessions } = this.#crawl
      const why = detail.replaceAll(this.#joined.key, this.#joined.name)
      const isWelcome = sessions.mayComeAgain(this.#joined, lease, why, heads.length > 0)
      if (isWelcome && !this.isDueBefore(now + sessionPause)) return this.#comeAgain()
      const end = sessions.endOf(this.#joined.name)
      this.#joined = undefined
      return this.#lose({ reason, detail: end ?? why, heads })
    }
    if (lease.memo === undefined) return dead(lease, { code: reason, detail }, { heads })
    this.#crawl.note(`not visited this time ${lease.request.url}: ${detail} (${reason})`)
    return missed(lease, { next: now, memo: lease.memo })
  }
}

/** The request has ended for good. */
function isEnd(ended: Ended): boolean {
  return ended.kind === 'done' || ended.kind === 'dead'
}

/** Why a task ends whose redirect is not followed: the visit knows the reason. */
const ledAway = 'led-away'

type Won = Extract<TaskResult, { ok: true }>
type Lost = Extract<TaskResult, { ok: false }>
