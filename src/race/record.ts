import type { Clock } from '../base/clock.ts'
import type { TaskFailureCode } from '../contracts/error-values.ts'
import type { ResponseHead } from '../contracts/frontier.ts'
import type { TaskResult } from '../contracts/job.ts'
import type { Exchange, HttpResponse, Verdict } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'

/** What a race will have to say for itself: its attempts counted, and the one result it ends with. */
export class RaceRecord {
  /** Attempts started, and those of them that were started beside another. */
  started = 0
  hedges = 0
  /** Clock ms. */
  acceptedAt = 0
  result: TaskResult | undefined
  readonly #heads = new Heads()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  begin(): void {
    this.started = 0
    this.hedges = 0
    this.acceptedAt = this.#clock.now()
    this.result = undefined
    this.#heads.clear()
  }

  /** An attempt that asked for the task's own page did not bring the answer. */
  lost(exchange: Exchange, verdict: Verdict, proxy: string): void {
    this.#heads.add(exchange, proxy, verdict.reason, this.#clock.wall())
  }

  win(response: HttpResponse, verdict: Verdict, proxy: string): void {
    const { started: attempts, hedges } = this
    this.result = { ok: true, response, verdict, proxy, attempts, hedges, elapsedMs: this.#elapsed() }
  }

  fail(code: TaskFailureCode, reason: string, detail: string, verdict?: Verdict, exchange?: Exchange): void {
    const status = exchange?.kind === 'response' ? exchange.status : undefined
    const { started: attempts, hedges } = this
    const elapsedMs = this.#elapsed()
    const kind = verdict?.kind
    const heads = this.#heads.list()
    this.result = {
      ok: false,
      code,
      reason,
      detail,
      verdict: kind,
      status,
      heads,
      attempts,
      hedges,
      elapsedMs,
    }
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
    const detail = `${what}: ${reason}; start again from its first request`
    this.fail('SESSION_LOST', 'session-lost', detail, verdict, exchange)
  }

  /** The task was ended from outside. `waited` is what it was waiting for, if it was. */
  abandon(reason: string, host: string, waited: string | undefined): void {
    if (reason === 'deadline') {
      const ms = Math.round(this.#clock.now() - this.acceptedAt)
      const why = waited ? `; it was waiting (${waited})` : ''
      this.fail('DEADLINE', reason, `no answer from ${host} within the deadline (${ms} ms)${why}`)
    } else this.fail(reason === 'stopped' ? 'STOPPED' : 'ABORTED', reason, `the task was ${reason}`)
  }

  #elapsed(): number {
    return this.#clock.now() - this.acceptedAt
  }
}

/**
 * What the last answers to a task's own request said: it tells the user why the task was given up. Cookies and
 * credentials stay out.
 */
const most = 5
const mostHeaders = 20
const longestValue = 200
const secret = /^(set-cookie|proxy-authenticate|www-authenticate|authorization|authentication-info)/

export class Heads {
  #last: Noted[] = []

  clear(): void {
    if (this.#last.length > 0) this.#last = []
  }

  /** Keeps the head and lets the body go. `at`: when it came, in wall-clock milliseconds. */
  add(exchange: Exchange, proxy: string, reason: string, at: number): void {
    if (this.#last.length === most) this.#last.shift()
    const head: HeadOnly =
      exchange.kind === 'response' ? { status: exchange.status, headers: exchange.headers } : {}
    this.#last.push({ head, proxy, reason, at })
  }

  list(): ResponseHead[] {
    return this.#last.map(({ head, proxy, reason, at }) => headOf(head, proxy, reason, at))
  }
}

type HeadOnly = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>
}

interface Noted {
  readonly head: HeadOnly
  readonly proxy: string
  readonly reason: string
  readonly at: number
}

export function headOf(
  { status, headers }: HeadOnly,
  proxy: string,
  reason: string,
  at: number,
): ResponseHead {
  if (status === undefined) return { proxy, reason, at }
  const shown = Object.entries(headers ?? {})
    .filter(([name, value]) => value !== undefined && !secret.test(name))
    .slice(0, mostHeaders)
    .map(([name, value]) => [name, String(value).slice(0, longestValue)])
  return { proxy, reason, status, headers: Object.fromEntries(shown), at }
}
