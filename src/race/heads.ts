import type { ResponseHead } from '../contracts/frontier.ts'
import type { Exchange } from '../contracts/outcome.ts'

/**
 * What the last answers to a task's own request said, for whoever asks why it was given up. Cookies and
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
