import type { Clock } from '../base/clock.ts'
import { excerpt, excerptBytes } from '../base/excerpt.ts'
import { formatDuration } from '../base/format.ts'
import { isSecretName, redact } from '../base/redact.ts'
import type { TaskFailureCode } from '../contracts/error-values.ts'
import type { ResponseHead } from '../contracts/frontier.ts'
import type { HopRefusal, TaskReport, TaskResult } from '../contracts/job.ts'
import type { Exchange, HttpResponse, Verdict } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Testimony, Trust } from '../contracts/trust.ts'
import type { JudgedAttempt } from './judge.ts'

/** What a race will have to say for itself: its attempts counted, and the one result it ends with. */
export class RaceRecord {
  /** Attempts started, and those of them that were started beside another. */
  started = 0
  hedges = 0
  /** Clock ms. */
  acceptedAt = 0
  /** When its caller began to wait: at acceptance or before. Clock ms. */
  begunAt = 0
  #result: TaskResult | undefined
  /** Clock ms since which an attempt is under way; undefined while none is. */
  #busySince: number | undefined
  /** Of earlier attempts, ms. */
  #busyMs = 0
  readonly #heads = new Heads()
  readonly #clock: Clock
  #last: LastWord | undefined
  #ledBy: string[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** No field, so that nobody prints the answer who prints a race. */
  get result(): TaskResult | undefined {
    return this.#result
  }

  clear(): void {
    this.#result = undefined
  }

  begin(begunAt: number | undefined): void {
    this.started = 0
    this.hedges = 0
    this.acceptedAt = this.#clock.now()
    this.begunAt = begunAt ?? this.acceptedAt
    this.#result = undefined
    this.#last = undefined
    this.#busySince = undefined
    this.#busyMs = 0
    this.#heads.clear()
    if (this.#ledBy.length > 0) this.#ledBy = []
  }

  /** An attempt is under way from now on, or none any more. */
  busy(isBusy: boolean): void {
    const now = this.#clock.now()
    if (!isBusy) this.#busyMs = this.#busy(now)
    this.#busySince = isBusy ? now : undefined
  }

  /** An attempt that asked for the task's own page did not bring the answer. */
  lost(exchange: Exchange, verdict: Verdict, proxy: string): void {
    this.#heads.add(exchange, proxy, verdict.reason, this.#clock.wall())
    this.#last = { exchange: wordOf(exchange), verdict, proxy }
  }

  /** `judged` has brought the answer to this request. */
  win(
    response: HttpResponse,
    verdict: Verdict,
    judged: JudgedAttempt,
    trust: Trust,
    testimony: Testimony | undefined,
  ): void {
    const { id: proxy } = judged.lease.endpoint
    const own = { proxy, answeredBy: judged.number, trust, ...(testimony && { testimony }) }
    this.#result = { ok: true, response, verdict, ...own, ...this.#report() }
  }

  /** It was redirected on the word of this proxy alone. */
  ledBy(proxy: string): void {
    if (!this.#ledBy.includes(proxy)) this.#ledBy.push(proxy)
  }

  fail(code: TaskFailureCode, reason: string, detail: string, verdict?: Verdict, exchange?: Answered): void {
    const status = exchange?.kind === 'response' ? exchange.status : undefined
    const kind = verdict?.kind
    const heads = this.#heads.list()
    this.#result = { ok: false, code, reason, detail, verdict: kind, status, heads, ...this.#report() }
  }

  /** It was led where it must not go, and this proxy alone says so. */
  turnAway({ reason, detail }: HopRefusal, proxy: string | undefined, request: FetchRequest): void {
    this.fail('TASK_FAILED', reason, detail)
    if (proxy !== undefined)
      this.onTheWordOf(proxy, request, this.#ledBy.includes(proxy) ? 'proven' : undefined)
  }

  /** It ends without a page because this proxy says so. What it was asked, it can be asked again, beside another. */
  onTheWordOf(proxy: string, request: FetchRequest, trust: Trust | undefined): void {
    const testimony = { proxy, request, size: 0, isGone: true, isEnd: true }
    const isOnItsWord = trust !== undefined && request.method === 'GET'
    const lost = this.#result as TaskResult & { ok: false }
    this.#result = { ...lost, proxy, ...(trust && { trust }), ...(isOnItsWord && { testimony }) }
  }

  /** The proxy that the request is bound to is gone. */
  loseSession(
    { session, proxy }: FetchRequest,
    reason: string,
    verdict?: Verdict,
    exchange?: Exchange,
  ): void {
    const what =
      session !== undefined ? `session "${session}" lost its proxy` : `proxy ${proxy} cannot be used`
    const detail = `${what} (${reason})`
    this.fail('SESSION_LOST', 'session-lost', detail, verdict, exchange)
  }

  /** The task was ended from outside. `waited` is what it was waiting for, in words. */
  abandon(reason: string, host: string, waited: string | undefined): void {
    if (reason === 'spent')
      return this.fail('CAP_REACHED', reason, 'the cap on what may be spent was reached')
    if (reason !== 'deadline') {
      this.fail(reason === 'stopped' ? 'STOPPED' : 'ABORTED', reason, `the task was ${reason}`)
      return
    }
    const { exchange, verdict } = this.#last ?? {}
    const within = formatDuration(this.#clock.now() - this.begunAt)
    const detail = [`no answer from ${host} within the deadline (${within})`, this.#lastWord()]
    if (waited !== undefined) detail.push(`it was waiting ${waited}`)
    this.fail('DEADLINE', reason, detail.filter((part) => part !== '').join('; '), verdict, exchange)
  }

  #lastWord(): string {
    if (!this.#last) return this.started === 0 ? 'nothing was sent yet' : ''
    const { exchange, verdict, proxy } = this.#last
    const what =
      exchange.kind === 'response' ? `${verdict.reason}, status ${exchange.status}` : verdict.reason
    return `the last attempt ended with ${what} over ${proxy}`
  }

  #report(): TaskReport {
    const { started: attempts, hedges, acceptedAt } = this
    const now = this.#clock.now()
    const ledBy = this.#ledBy
    const report = { attempts, hedges, elapsedMs: now - acceptedAt, busyMs: this.#busy(now) }
    return ledBy.length > 0 ? { ...report, ledBy } : report
  }

  #busy(now: number): number {
    return this.#busyMs + (this.#busySince === undefined ? 0 : now - this.#busySince)
  }
}

/** What is kept of an exchange when its body is not wanted any more. */
type Answered = { readonly kind: 'fault' } | { readonly kind: 'response'; readonly status: number }

interface LastWord {
  readonly exchange: Answered
  readonly verdict: Verdict
  readonly proxy: string
}

function wordOf(exchange: Exchange): Answered {
  return exchange.kind === 'response' ? { kind: 'response', status: exchange.status } : { kind: 'fault' }
}

/**
 * What the last answers to a task's own request said: it tells the user why the task was given up. Cookies and
 * credentials stay out.
 */
const most = 5
const mostHeaders = 20
const longestValue = 200

export class Heads {
  #last: Noted[] = []

  clear(): void {
    if (this.#last.length > 0) this.#last = []
  }

  /** Keeps the head and how the body begins, and lets the rest go. `at`: when it came, in wall-clock milliseconds. */
  add(exchange: Exchange, proxy: string, reason: string, at: number): void {
    if (this.#last.length === most) this.#last.shift()
    const head: HeadOnly =
      exchange.kind === 'response'
        ? { status: exchange.status, headers: exchange.headers, body: exchange.body.slice(0, excerptBytes) }
        : {}
    this.#last.push({ head, proxy, reason, at })
  }

  list(): ResponseHead[] {
    return this.#last.map(({ head, proxy, reason, at }) => headOf(head, proxy, reason, at))
  }
}

type HeadOnly = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>
  /** Its beginning, or all of it. */
  readonly body?: Uint8Array
}

interface Noted {
  readonly head: HeadOnly
  readonly proxy: string
  readonly reason: string
  readonly at: number
}

export function headOf(
  { status, headers, body: given }: HeadOnly,
  proxy: string,
  reason: string,
  at: number,
): ResponseHead {
  if (status === undefined) return { proxy, reason, at }
  const shown = Object.entries(headers ?? {})
    .filter(([name, value]) => value !== undefined && !isSecretName(name))
    .slice(0, mostHeaders)
    .map(([name, value]) => [name, redact(String(value)).slice(0, longestValue)])
  const body = given && excerpt(given)
  return { proxy, reason, status, headers: Object.fromEntries(shown), ...(body && { body }), at }
}
