import type { ProxyState } from '../contracts/events.ts'
import { listen, type Observed } from '../observe/observed.ts'

/** Which proxies were taken out of service during a crawl, and why: kept from events, because a breaker forgets. */
export interface Opening {
  readonly proxy: string
  /** `open`, `retired` or `isolated`: the last of them. */
  readonly state: string
  /** Each reason once, in order of appearance. */
  readonly reasons: readonly string[]
  readonly times: number
  /** Whether it was in service again at the end. */
  readonly isBack: boolean
}

export interface OpeningLog {
  /** Most often opened first. */
  list(): Opening[]
  detach(): void
}

export function recordOpenings(crawler: Observed): OpeningLog {
  const rows = new Map<string, { state: string; reasons: Set<string>; times: number; open: Set<string> }>()
  const listener = ({ proxy, host, to, reason }: ProxyState) => {
    const scope = host ?? ''
    if (to === 'closed') {
      rows.get(proxy)?.open.delete(scope)
      return
    }
    if (to === 'halfOpen') return
    const row = rows.get(proxy) ?? { state: to, reasons: new Set(), times: 0, open: new Set() }
    row.state = to
    row.reasons.add(reason)
    row.open.add(scope)
    row.times++
    rows.set(proxy, row)
  }
  const detach = listen(crawler, 'proxy.state', listener)
  return {
    list: () =>
      [...rows]
        .map(([proxy, { state, reasons, times, open }]) => ({
          proxy,
          state,
          reasons: [...reasons],
          times,
          isBack: open.size === 0,
        }))
        .sort((a, b) => b.times - a.times || a.proxy.localeCompare(b.proxy)),
    detach,
  }
}

/** One line each, at most `limit` of them. */
export function renderOpenings(openings: readonly Opening[], limit = 12): string[] {
  const width = Math.max(0, ...openings.slice(0, limit).map(({ proxy }) => proxy.length))
  const lines = openings.slice(0, limit).map(({ proxy, state, reasons, times, isBack }) => {
    const often = times > 1 ? `, ${times} times` : ''
    return `  ${proxy.padEnd(width)}  ${state}: ${reasons.join(', ')}${often}${isBack ? ', back in service' : ''}`
  })
  if (openings.length > limit) lines.push(`  … and ${openings.length - limit} more`)
  return lines
}
