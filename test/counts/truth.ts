import { expect } from 'vitest'
import type { ProxyCounts } from '../../src/contracts/stats.ts'
import type { Crawler } from '../../src/face/crawler.ts'
import type { Lab } from '../../src/lab/contract.ts'

/**
 * How the proxies of a lab fare, by its books alone: whom the crawler has dialled, and whose exits have brought pages from which
 * origin. A port at which nobody listens has no book, so the test names those.
 */
export interface Truth {
  /** Nothing was asked of them. */
  readonly untried: readonly string[]
  /** They have brought a page. */
  readonly working: readonly string[]
  /** They were asked, and have brought none. */
  readonly ill: readonly string[]
}

/** `origin`: as seen from one host. `deaf`: those at whose port nobody listens, and that were asked. */
export async function truthOf(
  lab: Lab,
  { origin, deaf = () => false }: { origin?: string; deaf?: (proxy: string) => boolean } = {},
): Promise<Truth> {
  const books = await lab.books()
  const origins = origin === undefined ? Object.values(books.origins) : [books.origins[origin]!]
  const brought = new Set(
    origins.flatMap(({ rows }) => rows.filter(({ status }) => status === 200).map(({ exitIp }) => exitIp)),
  )
  const address = origin && lab.origins[origin]!.host
  const truth = { untried: [] as string[], working: [] as string[], ill: [] as string[] }
  for (const name of lab.proxyNames()) {
    const book = books.proxies[name]!
    const isAsked = address
      ? Object.keys(book.targets).some((target) => target.startsWith(`${address}:`))
      : book.dials > 0
    if (deaf(name)) truth.ill.push(name)
    else if (!isAsked) truth.untried.push(name)
    else truth[brought.has(book.exitIp) ? 'working' : 'ill'].push(name)
  }
  return truth
}

/** Each count is the truth, give or take one proxy, and each proxy is counted once. */
export function expectCounts(counts: ProxyCounts, truth: Truth, hint = 'over all hosts'): void {
  const { total, healthy, untried, failing, open, halfOpen, isolated, retired } = counts
  expect(healthy + failing + open + halfOpen + isolated + retired, `${hint}: sum`).toBe(total)
  expectNear(healthy, truth.working.length + truth.untried.length, `${hint}: healthy`)
  expectNear(untried, truth.untried.length, `${hint}: untried`)
  expectNear(failing + open + halfOpen, truth.ill.length, `${hint}: failing, open or half-open`)
}

export function expectNear(count: number, truth: number, hint: string): void {
  expect(Math.abs(count - truth), `${hint}: ${count} instead of ${truth}`).toBeLessThanOrEqual(1)
}

/** Over all hosts and at each of the lab's, the crawler's counts are those of the books. */
export async function expectBooks(
  crawler: Crawler,
  lab: Lab,
  deaf?: (proxy: string) => boolean,
): Promise<void> {
  const stats = crawler.stats()
  expectCounts(stats.proxies, await truthOf(lab, { ...(deaf && { deaf }) }))
  for (const [name, { host }] of Object.entries(lab.origins)) {
    const seen = crawler.hostStats(host)
    if (!seen) continue
    const { firstByteMs: _, ...rest } = stats.hosts[host]!
    expect(seen, `hostStats of ${host}`).toMatchObject(rest)
    const here = await truthOf(lab, { origin: name, ...(deaf && { deaf }) })
    // Who works nowhere is not taken for well where nothing was asked of it yet.
    const everywhere = await truthOf(lab, { ...(deaf && { deaf }) })
    const untried = here.untried.filter((proxy) => !everywhere.ill.includes(proxy))
    const ill = [...here.ill, ...here.untried.filter((proxy) => everywhere.ill.includes(proxy))]
    expectCounts(seen.proxies, { ...here, untried, ill }, host)
  }
}
