import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { site } from '../../plugins/site.ts'
import type { Account, SpendingLedger } from '../../src/contracts/spending.ts'
import { createCrawler } from '../../src/face/crawler.ts'
import type { Lab } from '../../src/lab/contract.ts'
import { startLab } from '../../src/lab/lab.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'

/** What the crawler says it has spent, beside what the proxies of the lab have carried. */

const wire = ({ sent, received }: Pick<Account, 'sent' | 'received'>) => sent + received

async function carried(lab: Lab): Promise<{ total: number; of: (name: string) => number }> {
  const { proxies } = await lab.books()
  const of = (name: string) => wire(proxies[name]!)
  return { total: Object.keys(proxies).reduce((sum, name) => sum + of(name), 0), of }
}

const sum = (accounts: SpendingLedger['hosts']) =>
  Object.values(accounts).reduce((all, each) => all + wire(each), 0)

function isWithin(part: number, actual: number, expected: number): void {
  expect(Math.abs(actual - expected) / expected).toBeLessThan(part)
}

const options = (lab: Lab): CrawlerOptions => ({
  proxies: [...lab.proxies],
  politeness: { interval: 0 },
  seed: 3,
  ...(lab.ca !== '' && { ca: lab.ca }),
})

describe('the ledger of bytes and money', () => {
  it.each(['socks5', 'http', 'https'] as const)(
    'agrees with the books of %s proxies within one percent, over TLS and without, with failures and hedges',
    async (protocol) => {
      // The lab cannot reset what is under its own TLS.
      const flaky =
        protocol === 'https'
          ? { tunnel: 0.3, failures: ['general-failure' as const] }
          : { tunnel: 0.2, request: 0.2, failures: ['reset' as const, 'mid-body' as const] }
      await using lab = await startLab({
        origins: { shop: { site: { pages: 8 } }, safe: { tls: 'good', site: { pages: 8 } }, tardy: {} },
        proxies: [
          { name: 'good', count: 3, protocol },
          { name: 'flaky', count: 2, protocol, flaky },
          { name: 'denied', protocol, fault: 'ruleset-denied' },
          { name: 'dead', protocol, fault: 'dead' },
        ],
      })
      const { shop, safe, tardy } = lab.origins
      await using crawler = await createCrawler({
        ...options(lab),
        hedge: false,
        // Answers come long after the second attempt has left, so that the loser is known to have brought nothing.
        hosts: { [tardy!.host]: { hedge: { minDelay: 200, coldDelay: 200, max: 2 } } },
      })
      const late = Array.from({ length: 4 }, () => crawler.fetch(`${tardy!.url}/delay/700`))
      for (const { url } of [shop!, safe!]) {
        await crawler.crawl(site, { start: `${url}/` }).run()
        const large = Array.from({ length: 15 }, () => crawler.fetch(`${url}/bytes/30000`))
        for (const response of await Promise.all(large)) await response.arrayBuffer()
      }
      await Promise.all(late)
      await crawler.drain()
      await setImmediate()
      const ledger = crawler.spending()
      const books = await carried(lab)
      isWithin(0.01, wire(ledger.total), books.total)
      expect(ledger.total.goodPages).toBeGreaterThan(40)
      expect(ledger.total.requests).toBeGreaterThan(ledger.total.goodPages)
      isWithin(1e-9, sum(ledger.hosts), wire(ledger.total))
      isWithin(1e-9, sum(ledger.proxies), wire(ledger.total))
      expect(ledger.perPage!.bytes).toBeCloseTo(wire(ledger.total) / ledger.total.goodPages)
      for (const name of ['good-1', 'denied']) {
        const { url } = lab.proxy(name)
        const label = crawler.proxies().find(({ id }) => id.includes(new URL(url).host))!.id
        if (books.of(name) > 0) isWithin(0.02, wire(ledger.proxies[label]!), books.of(name))
      }
    },
  )
})
