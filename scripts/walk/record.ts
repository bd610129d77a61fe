import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import { z } from 'zod'
import type { Frontier } from '../../src/contracts/frontier.ts'
import type { Call, Footprints } from './footprints.ts'

/**
 * The two runs that are recorded, through the lab, which is in a process of its own. Everything is warm: the code is
 * loaded, the host is known, its connection is kept, and no gap has to be waited for.
 */
export interface Recording {
  /** From the call of `crawler.fetch` to the settled record. */
  readonly fetch: readonly Call[]
  /** From the take that brings a page to the settlement of that page. */
  readonly page: readonly Call[]
}

/** Longer than the interval between two requests of a proxy to a host. */
const gap = 1_500

export async function record(footprints: Footprints): Promise<Recording> {
  // Not before the footprints are there: what is loaded earlier leaves none.
  const { createCrawler, createMemoryFrontier, defineSource } = await import('../../src/index.ts')
  const { startLabProcess } = await import('../../src/lab/child.ts')
  await using lab = await startLabProcess({
    origins: { site: { site: { pages: 25 } } },
    proxies: [{ name: 'good' }],
  })
  const url = `${lab.origins.site!.url}/`
  await using crawler = await createCrawler({ proxies: [...lab.proxies] })
  const fetchOnce = async (): Promise<Call[]> => {
    await delay(gap)
    footprints.begin()
    await (await crawler.fetch(url)).text()
    // What is done after the answer was handed over.
    await turn()
    await turn()
    return footprints.end()
  }
  const second = `${url}?second`
  const source = defineSource({
    name: 'two-pages',
    params: z.object({}),
    item: z.object({ url: z.string() }),
    seeds: () => [{ url }],
    *parse(page) {
      if (page.url !== url) return
      yield page.item({ url: page.url })
      yield page.follow(second)
    },
  })
  const crawlOnce = async (): Promise<Call[]> => {
    const watch = new Watch(createMemoryFrontier(), second, footprints)
    for await (const _ of crawler.crawl(source, {}, { frontier: watch.frontier }));
    return watch.calls
  }
  for (let warm = 0; warm < 2; warm++) await fetchOnce()
  return { fetch: await shortest(fetchOnce), page: await shortest(crawlOnce) }
}

/** Of three: on a busy machine a hedge may come between, or a pause. */
async function shortest(run: () => Promise<Call[]>): Promise<Call[]> {
  const runs = [await run(), await run(), await run()]
  return runs.reduce((best, each) => (each.length < best.length ? each : best))
}

/** A frontier that begins a recording with the take that brings `url`, and ends it when that is settled. */
class Watch {
  calls: Call[] = []
  readonly frontier: Frontier

  constructor(frontier: Frontier, url: string, footprints: Footprints) {
    let isTaken = false
    const watched: Partial<Frontier> = {
      take: async (options) => {
        if (!isTaken) footprints.begin()
        const leases = await frontier.take(options)
        isTaken ||= leases.some(({ request }) => request.url === url)
        return leases
      },
      settle: async (batch) => {
        const settled = await frontier.settle(batch)
        if (batch.some(({ lease }) => lease.request.url === url)) this.calls = footprints.end()
        return settled
      },
    }
    this.frontier = new Proxy(frontier, {
      get(target, name) {
        const part: unknown = Reflect.get(watched, name) ?? Reflect.get(target, name, target)
        return typeof part === 'function' ? part.bind(target) : part
      },
    })
  }
}
