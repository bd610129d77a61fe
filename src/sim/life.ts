import type { ParsedProxy } from '../contracts/endpoint.ts'
import type { ProxyProvider } from '../contracts/provider.ts'
import { type Crawler, createCrawler } from '../face/crawler.ts'
import type { CrawlerOptions } from '../options/options.ts'
import type { VirtualClock } from './clock.ts'
import { createProcessClock, type ProcessClock } from './process-clock.ts'
import { SimulatedTransport } from './transport.ts'
import type { RunWorld } from './venue.ts'

/** One process that runs the real crawler in a simulated world: from its start to its end, or its death. */
export interface Life {
  readonly crawler: Crawler
  readonly clock: ProcessClock
  readonly transport: SimulatedTransport
  /** What the provider answers when it is asked again. */
  readonly list: ScriptedList
  /** Kill -9: nothing of it happens any more, and its sockets are gone. */
  die(): void
}

/** A list of proxies that may come whole, or as providers' lists sometimes come. */
export interface ScriptedList extends ProxyProvider {
  show(proxies: readonly string[]): void
}

export async function beginLife(
  world: RunWorld,
  time: VirtualClock,
  options: CrawlerOptions,
  born: (crawler: Crawler) => void,
): Promise<Life> {
  const clock = createProcessClock(time)
  const transport = new SimulatedTransport(clock, world, { keepsVisits: false })
  const list = scriptedList(world)
  const crawler = await createCrawler({ ...options, proxies: list, clock, transport })
  born(crawler)
  const die = () => {
    clock.die()
    transport.die()
  }
  return { crawler, clock, transport, list, die }
}

function scriptedList(world: RunWorld): ScriptedList {
  const parsed = new Map<string, ParsedProxy>()
  const read = (url: string) => {
    const known = parsed.get(url) ?? world.parseProxy(url)
    parsed.set(url, known)
    return known
  }
  let shown: readonly string[] = world.proxies.map(({ url }) => url)
  return {
    name: 'scenario',
    trusted: true,
    show: (proxies) => {
      shown = proxies
    },
    load: async () => ({
      proxies: [...new Set(shown)].map(read),
      duplicates: shown.length - new Set(shown).size,
      rejected: [],
    }),
  }
}
