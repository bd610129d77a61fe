import type { ResponseHead } from '../frontier/frontier.ts'
import type { Exchange } from '../outcome.ts'

/** What the last answers of a task said, for whoever asks why it was given up. Cookies and credentials stay out. */
const most = 5
const mostHeaders = 20
const longestValue = 200
const secret = /^(set-cookie|proxy-authenticate|www-authenticate|authorization|authentication-info)/

export class Heads {
  #last: { readonly exchange: HeadOnly; readonly proxy: string; readonly reason: string }[] = []

  clear(): void {
    if (this.#last.length > 0) this.#last = []
  }

  /** Keeps the head and lets the body go. */
  add(exchange: Exchange, proxy: string, reason: string): void {
    if (this.#last.length === most) this.#last.shift()
    const head: HeadOnly =
      exchange.kind === 'response' ? { status: exchange.status, headers: exchange.headers } : {}
    this.#last.push({ exchange: head, proxy, reason })
  }

  /** `at` in wall-clock milliseconds. */
  list(at: number): ResponseHead[] {
    return this.#last.map(({ exchange, proxy, reason }) => headOf(exchange, proxy, reason, at))
  }
}

type HeadOnly = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>
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
